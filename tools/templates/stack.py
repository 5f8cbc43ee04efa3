"""A service's whole template, and the root's nested stacks with the parameters they need."""

from __future__ import annotations

from typing import Any

from . import buckets, cfn, resources
from .declaration import PRIORITIES, DeclarationError, Service, pascal

# A child's parameter: its type, and the root's expression that supplies it (by default
# the root's parameter of the same name).
NUMBER = {"CashScale", "LogRetentionDays", "TimeZoneOffsetMinutes"}
FROM_ROOT: dict[str, cfn.Tag] = {
    "ApiId": cfn.ref("HttpApi"),
    "ApiUrl": cfn.if_(
        "HasApiOrigin",
        cfn.sub("${ApiOrigin}/_aws/execute-api/${HttpApi}/$default"),
        cfn.get_att("HttpApi", "ApiEndpoint"),
    ),
    "SocketApiId": cfn.ref("SocketApi"),
    "SocketEndpoint": cfn.if_(
        "HasApiOrigin",
        cfn.sub("${ApiOrigin}/_aws/execute-api/${SocketApi}/${SocketApiStage}"),
        cfn.sub(
            "https://${SocketApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}/${SocketApiStage}"
        ),
    ),
    "AuthorizerId": cfn.get_att("Identity", "Outputs.AuthorizerId"),
    "AlarmTopicArn": cfn.ref("AlarmTopic"),
    "BusName": cfn.ref("Bus"),
    "JournalTable": cfn.ref("JournalTable"),
    "JournalStreamArn": cfn.get_att("JournalTable", "StreamArn"),
    "WalletsTable": cfn.ref("WalletsTable"),
    "UsersTable": cfn.ref("UsersTable"),
    "UserKeysTable": cfn.ref("UserKeysTable"),
    "IdentityKeyId": cfn.ref("IdentityKey"),
    "PersonalKeyId": cfn.ref("PersonalKey"),
    **{
        f"{name}SecretArn": cfn.get_att(f"{name}Secret", "Id")
        for name in (
            *("Betradar", "Payment", "Sms", "Casino", "Merchant"),
            *("PaymentCredential", "NotificationCredential", "MerchantCredential", "Sandbox"),
            "Training",
        )
    },
    "PaymentProviderUrl": cfn.if_(
        "HasPaymentProvider",
        cfn.ref("PaymentProviderUrl"),
        cfn.if_(
            "HasApiOrigin",
            cfn.sub("${ApiOrigin}/_aws/execute-api/${HttpApi}/$default/sandbox/payments"),
            cfn.sub("${HttpApi.ApiEndpoint}/sandbox/payments"),
        ),
    ),
    "MerchantUrl": cfn.if_(
        "HasMerchant",
        cfn.ref("MerchantUrl"),
        cfn.if_(
            "HasApiOrigin",
            cfn.sub("${ApiOrigin}/_aws/execute-api/${HttpApi}/$default/sandbox/merchant"),
            cfn.sub("${HttpApi.ApiEndpoint}/sandbox/merchant"),
        ),
    ),
    "SmsProviderUrl": cfn.if_(
        "HasSmsProvider",
        cfn.ref("SmsProviderUrl"),
        cfn.if_(
            "HasApiOrigin",
            cfn.sub("${ApiOrigin}/_aws/execute-api/${HttpApi}/$default/sandbox/messages"),
            cfn.sub("${HttpApi.ApiEndpoint}/sandbox/messages"),
        ),
    ),
}
CONDITIONS = {
    "IsOnAws": cfn.Tag("!Equals", [cfn.ref("OnAws"), "true"]),
    "IsProtected": cfn.Tag(
        "!Or", [cfn.Tag("!Equals", [cfn.ref("Stage"), stage]) for stage in ("prod", "staging")]
    ),
}


def read_elsewhere(services: list[Service]) -> dict[str, str]:
    """Tables that other services read, each with the service whose table it is."""
    wanted = {
        name
        for service in services
        for function in service.functions
        for name in function.uses.get("tables_of_others", {})
    }
    owners = {name: service.name for service in services for name in service.tables}
    if unknown := wanted - set(owners):
        raise DeclarationError(f"no service has the tables {sorted(unknown)}")
    return {name: owners[name] for name in sorted(wanted)}


def template(service: Service, shown: dict[str, str] | None = None) -> dict[str, Any]:
    """The SAM template of one service; `shown` are the tables that other services read."""
    body: resources.Resources = {}
    for name, spec in service.tables.items():
        body[f"{pascal(name)}Table"] = _table(spec)
    for name, spec in service.buckets.items():
        body |= buckets.of(name, f"{pascal(name)}Bucket", spec)
    for name, spec in service.queues.items():
        body |= _work_queue(service, name, spec)
    for function in service.functions:
        body |= resources.of(service, function)
    # The authorizer is the identity service's own resource, everybody else's parameter.
    used = {name for name in cfn.references(body) if "::" not in name and name not in body}
    conditions = {name: CONDITIONS[name] for name in sorted(set(cfn.conditions(body)))}
    used |= set(cfn.references(conditions))
    document: dict[str, Any] = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Transform": "AWS::Serverless-2016-10-31",
        "Description": f"Quoin: the {service.name} service.",
        "Parameters": {
            name: {"Type": "Number" if name in NUMBER else "String"} for name in sorted(used)
        },
    }
    if conditions:
        document["Conditions"] = conditions
    document["Resources"] = body
    outputs = ["AuthorizerId"] if "AuthorizerId" in body else []
    outputs += [f"{pascal(name)}Table" for name, of in (shown or {}).items() if of == service.name]
    outputs += [f"{pascal(name)}Bucket" for name in service.buckets]
    if outputs:
        document["Outputs"] = {name: {"Value": cfn.ref(name)} for name in outputs}
    return document


def nested(service: Service, root_parameters: set[str], shown: dict[str, str]) -> dict[str, Any]:
    """The root's resource for one service."""
    tables = {
        f"{pascal(name)}Table": cfn.get_att(pascal(of), f"Outputs.{pascal(name)}Table")
        for name, of in shown.items()
    }
    known = FROM_ROOT | tables
    parameters = {}
    for name in template(service)["Parameters"]:
        if name not in known and name not in root_parameters:
            raise DeclarationError(f"{service.name}: the root has no parameter {name}")
        parameters[name] = known.get(name, cfn.ref(name))
    stack: dict[str, Any] = {"Type": "AWS::Serverless::Application"}
    if service.condition:
        stack["Condition"] = service.condition
    stack["Properties"] = {
        "Location": f"functions/{service.name}/template.yaml",
        "Parameters": parameters,
    }
    return {service.logical_id: stack}


def _table(spec: dict[str, Any]) -> dict[str, Any]:
    """It goes with its stack, where the stage does not protect it. A log that is only ever appended
    to proves what was, so it stays, and nothing in it expires."""
    indexes = spec.get("indexes") or {}
    keys = [spec, *indexes.values()]
    names = {key[role] for key in keys for role in ("hash", "range") if role in key}
    properties: dict[str, Any] = {
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": name, "AttributeType": spec.get("types", {}).get(name, "S")}
            for name in sorted(names)
        ],
        "KeySchema": _key_schema(spec),
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
        "SSESpecification": {"SSEEnabled": True},
        "DeletionProtectionEnabled": cfn.if_("IsProtected", True, False),
        "TimeToLiveSpecification": {"AttributeName": "expires", "Enabled": True},
    }
    if indexes:
        properties["GlobalSecondaryIndexes"] = [
            {
                "IndexName": name,
                "KeySchema": _key_schema(index),
                "Projection": {"ProjectionType": index.get("projection", "ALL")},
            }
            for name, index in indexes.items()
        ]
    table: dict[str, Any] = {"Type": "AWS::DynamoDB::Table", "Properties": properties}
    if spec.get("append_only"):
        del properties["TimeToLiveSpecification"]
        table |= {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
    return table


def _key_schema(spec: dict[str, Any]) -> list[dict[str, str]]:
    return [
        {"AttributeName": spec[role], "KeyType": role.upper()}
        for role in ("hash", "range")
        if role in spec
    ]


def _work_queue(service: Service, name: str, spec: dict[str, Any]) -> resources.Resources:
    worker = service.consumer_of(name)
    if spec.get("dead_letters"):
        # A queue for what could not be delivered: people empty it, so it has no DLQ of its own.
        return resources.dead_letter_queue(f"{pascal(name)}Queue", name, PRIORITIES["high"])
    if worker is None:
        raise DeclarationError(f"{service.name}: nobody consumes the queue {name}")
    visibility = resources.VISIBILITY_PER_TIMEOUT * worker.timeout
    return resources.queue_pair(pascal(name), name, visibility, worker.priority)
