"""Renders a service's declaration (service.yaml) as its SAM template (template.yaml).

`declaration` reads and validates, `permissions` turns `uses` into IAM statements and
environment variables, `resources` writes the CloudFormation of one Lambda, `buckets` that of a
bucket, `stack` puts a service's template and the root's nested stacks together. `cfn` is YAML with
CloudFormation's short intrinsic functions.
"""
