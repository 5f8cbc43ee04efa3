"""The CloudFormation of one Lambda: function, role, log group and what triggers it."""

from __future__ import annotations

import json
import re
from typing import Any

from . import buckets, cfn, permissions
from .declaration import DeclarationError, Function, Priority, Service, pascal

Resources = dict[str, dict[str, Any]]

DAY = 24 * 60 * 60
# The consumer moves a message to the dead-letter queue itself; this only covers crashes.
MAX_RECEIVES = 10
# Lambda's advice for queues: room for every retry of the poller within one visibility.
VISIBILITY_PER_TIMEOUT = 6


def of(service: Service, function: Function) -> Resources:
    """Everything that exists because of this function."""
    grants = permissions.of(service, function)
    grants.environment = _common_environment(service) | grants.environment
    trigger = {
        "route": _routes,
        "authorizer": _authorizer,
        "socket": _socket_routes,
        "consumes": _consumer,
        "queue": _worker,
        "schedule": _schedule,
        "scheduled": _scheduled,
        "stream": _stream,
        "invoke": lambda *_: {},
    }[function.trigger]
    around = trigger(service, function, grants)
    if function.trigger not in ("route", "authorizer"):
        around |= _function_alarms(function)
    around |= _own_alarms(service, function)
    return _function(function, grants) | around


def physical(name: str) -> cfn.Tag:
    return cfn.sub(f"quoin-${{Stage}}-{name}")


def _common_environment(service: Service) -> dict[str, Any]:
    return {
        "STAGE": cfn.ref("Stage"),
        "CURRENCY": cfn.ref("Currency"),
        "CASH_SCALE": cfn.ref("CashScale"),
        "API_URL": cfn.ref("ApiUrl"),
        "POWERTOOLS_SERVICE_NAME": service.name,
        "POWERTOOLS_LOG_LEVEL": cfn.ref("LogLevel"),
        "POWERTOOLS_METRICS_NAMESPACE": "Quoin",
    }


def _function(function: Function, grants: permissions.Grants) -> Resources:
    name = function.logical_id
    properties: dict[str, Any] = {
        "FunctionName": physical(function.name),
        "CodeUri": f"../../target/lambda/{function.name}/",
        "Handler": "bootstrap",
        "Runtime": "provided.al2023",
        "Architectures": [cfn.ref("Architecture")],
        "MemorySize": function.memory,
        "Timeout": function.timeout,
        "Tracing": "Active",
        "Role": cfn.get_att(f"{name}Role", "Arn"),
        "LoggingConfig": {
            "LogGroup": cfn.ref(f"{name}LogGroup"),
            "LogFormat": "JSON",
            "SystemLogLevel": cfn.ref("SystemLogLevel"),
        },
        "Environment": {"Variables": dict(sorted(grants.environment.items()))},
    }
    if "description" in function.spec:
        properties = {"Description": function.spec["description"]} | properties
    return {
        name: {"Type": "AWS::Serverless::Function", "Properties": properties},
        f"{name}Role": _role(function, grants),
        f"{name}LogGroup": {
            "Type": "AWS::Logs::LogGroup",
            "Properties": {
                "LogGroupName": cfn.sub(f"/aws/lambda/quoin-${{Stage}}-{function.name}"),
                "RetentionInDays": cfn.ref("LogRetentionDays"),
            },
        },
    }


def _role(function: Function, grants: permissions.Grants) -> dict[str, Any]:
    own = permissions.Grants()
    own.allow(
        "Logs",
        ["logs:CreateLogStream", "logs:PutLogEvents"],
        cfn.get_att(f"{function.logical_id}LogGroup", "Arn"),
    )
    own.allow(
        "Tracing",
        ["xray:PutTelemetryRecords", "xray:PutTraceSegments"],
        "*",
        reason="X-Ray has no resources to grant on",
    )
    return {
        "Type": "AWS::IAM::Role",
        "Metadata": {"Reasons": own.reasons | grants.reasons},
        "Properties": {
            "AssumeRolePolicyDocument": _trust("lambda.amazonaws.com"),
            "Policies": [_policy(own.statements + grants.statements)],
        },
    }


def _trust(principal: str) -> dict[str, Any]:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": principal},
        "Action": "sts:AssumeRole",
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def _policy(statements: list[dict[str, Any]], name: str = "uses") -> dict[str, Any]:
    document = {"Version": "2012-10-17", "Statement": statements}
    return {"PolicyName": name, "PolicyDocument": document}


# --- HTTP -----------------------------------------------------------------------------


def _routes(_service: Service, function: Function, _grants: permissions.Grants) -> Resources:
    name = function.logical_id
    resources: Resources = {
        f"{name}Integration": {
            "Type": "AWS::ApiGatewayV2::Integration",
            "Properties": {
                "ApiId": cfn.ref("ApiId"),
                "IntegrationType": "AWS_PROXY",
                "IntegrationUri": cfn.get_att(name, "Arn"),
                "PayloadFormatVersion": "2.0",
            },
        }
    }
    for index, route in enumerate(function.routes):
        suffix = str(index + 1) if index else ""
        properties: dict[str, Any] = {
            "ApiId": cfn.ref("ApiId"),
            "RouteKey": route,
            "Target": cfn.sub(f"integrations/${{{name}Integration}}"),
            "AuthorizationType": "NONE" if function.public else "CUSTOM",
        }
        if not function.public:
            properties["AuthorizerId"] = cfn.ref("AuthorizerId")
        resources[f"{name}Route{suffix}"] = {
            "Type": "AWS::ApiGatewayV2::Route",
            "Properties": properties,
        }
        method, path = route.split(" ")
        pattern = re.sub(r"\{[^}]+\}", "*", path)
        resources[f"{name}Permission{suffix}"] = _api_permission(name, f"*/{method}{pattern}")
    return resources


def _api_permission(function: str, source: str, api: str = "ApiId") -> dict[str, Any]:
    return {
        "Type": "AWS::Lambda::Permission",
        "Properties": {
            "Action": "lambda:InvokeFunction",
            "FunctionName": cfn.ref(function),
            "Principal": "apigateway.amazonaws.com",
            "SourceArn": cfn.arn("execute-api", f"${{{api}}}/{source}"),
        },
    }


def _authorizer(_service: Service, function: Function, _grants: permissions.Grants) -> Resources:
    name = function.logical_id
    properties = {
        "ApiId": cfn.ref("ApiId"),
        "Name": physical(function.name),
        "AuthorizerType": "REQUEST",
        "AuthorizerUri": _invocation_uri(name),
        "AuthorizerPayloadFormatVersion": "2.0",
        "EnableSimpleResponses": True,
        "IdentitySource": ["$request.header.Authorization"],
        "AuthorizerResultTtlInSeconds": 300,
    }
    return {
        "AuthorizerId": {"Type": "AWS::ApiGatewayV2::Authorizer", "Properties": properties},
        f"{name}Permission": _api_permission(name, "authorizers/*"),
    }


def _invocation_uri(function: str) -> cfn.Tag:
    """A function as API Gateway calls it."""
    return cfn.sub(
        "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/"
        f"${{{function}.Arn}}/invocations"
    )


# --- WebSocket ------------------------------------------------------------------------


def _socket_routes(_service: Service, function: Function, _grants: permissions.Grants) -> Resources:
    """Routes of the WebSocket API. Without a response of the route, what the function answers to
    a message would not reach the client; who connects is answered by the handshake."""
    name = function.logical_id
    resources: Resources = {
        f"{name}Integration": {
            "Type": "AWS::ApiGatewayV2::Integration",
            "Properties": {
                "ApiId": cfn.ref("SocketApiId"),
                "IntegrationType": "AWS_PROXY",
                "IntegrationUri": _invocation_uri(name),
            },
        }
    }
    for index, route in enumerate(function.spec["socket"]):
        suffix = str(index + 1) if index else ""
        is_message = route not in ("$connect", "$disconnect")
        properties = {
            "ApiId": cfn.ref("SocketApiId"),
            "RouteKey": route,
            "Target": cfn.sub(f"integrations/${{{name}Integration}}"),
            # The ticket says who connects, and the connection who sends.
            "AuthorizationType": "NONE",
        }
        if is_message:
            properties["RouteResponseSelectionExpression"] = "$default"
            resources[f"{name}RouteResponse{suffix}"] = {
                "Type": "AWS::ApiGatewayV2::RouteResponse",
                "Properties": {
                    "ApiId": cfn.ref("SocketApiId"),
                    "RouteId": cfn.ref(f"{name}Route{suffix}"),
                    "RouteResponseKey": "$default",
                },
            }
        resources[f"{name}Route{suffix}"] = {
            "Type": "AWS::ApiGatewayV2::Route",
            "Properties": properties,
        }
        resources[f"{name}Permission{suffix}"] = _api_permission(name, f"*/{route}", "SocketApiId")
    return resources


# --- Queues ---------------------------------------------------------------------------


def queue_pair(logical: str, name: str, visibility: int, alarm: Priority) -> Resources:
    """A queue, its dead-letter queue and the alarms of both."""
    return {
        f"{logical}Queue": {
            "Type": "AWS::SQS::Queue",
            "Properties": {
                "QueueName": physical(name),
                "VisibilityTimeout": visibility,
                "MessageRetentionPeriod": 4 * DAY,
                "SqsManagedSseEnabled": True,
                "RedrivePolicy": {
                    "deadLetterTargetArn": cfn.get_att(f"{logical}DeadLetters", "Arn"),
                    "maxReceiveCount": MAX_RECEIVES,
                },
            },
        },
        **dead_letter_queue(f"{logical}DeadLetters", f"{name}-dlq", alarm),
        f"{logical}AgeAlarm": _alarm(
            f"{name}-age",
            f"Messages of {name} wait too long.",
            _queue_metric("ApproximateAgeOfOldestMessage", f"{logical}Queue"),
            alarm,
            threshold=alarm.alarm_seconds,
        ),
    }


def dead_letter_queue(logical: str, name: str, alarm: Priority) -> Resources:
    return {
        logical: {
            "Type": "AWS::SQS::Queue",
            "Properties": {
                "QueueName": physical(name),
                "MessageRetentionPeriod": 14 * DAY,
                "SqsManagedSseEnabled": True,
            },
        },
        f"{logical}Alarm": _alarm(
            name,
            f"{name} holds messages nobody has dealt with.",
            _queue_metric("ApproximateNumberOfMessagesVisible", logical),
            alarm,
        ),
    }


def _consumer(service: Service, function: Function, grants: permissions.Grants) -> Resources:
    name = function.logical_id
    rules = {
        f"{name}Rule{index + 1 if index else ''}": _rule(function, pattern)
        for index, pattern in enumerate(function.spec["consumes"])
    }
    visibility = VISIBILITY_PER_TIMEOUT * function.timeout
    return (
        queue_pair(name, function.name, visibility, function.priority)
        | rules
        | {f"{name}QueuePolicy": _queue_policy(name, list(rules))}
        | _mapping(function, grants, queue=name)
    )


def _worker(_service: Service, function: Function, grants: permissions.Grants) -> Resources:
    # The queue itself is the service's: `stack` renders it once for its senders and this worker.
    return _mapping(function, grants, queue=pascal(function.spec["queue"]))


def _mapping(function: Function, grants: permissions.Grants, queue: str) -> Resources:
    main, dead = f"{queue}Queue", f"{queue}DeadLetters"
    grants.environment |= {
        "QUEUE_URL": cfn.ref(main),
        "DLQ_URL": cfn.ref(dead),
        "RETRY_SCHEDULE": cfn.ref("RetrySchedule"),
    }
    actions = ["ReceiveMessage", "DeleteMessage", "GetQueueAttributes", "ChangeMessageVisibility"]
    grants.allow("OwnQueue", [f"sqs:{action}" for action in actions], cfn.get_att(main, "Arn"))
    grants.allow("OwnDeadLetters", ["sqs:SendMessage"], cfn.get_att(dead, "Arn"))
    priority = function.priority
    properties: dict[str, Any] = {
        "FunctionName": cfn.ref(function.logical_id),
        "EventSourceArn": cfn.get_att(main, "Arn"),
        "BatchSize": priority.batch,
        "MaximumBatchingWindowInSeconds": priority.window_seconds,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "ScalingConfig": {"MaximumConcurrency": priority.concurrency},
    }
    return {
        f"{function.logical_id}Mapping": {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": properties,
        }
    }


def _rule(function: Function, consumed: dict[str, Any]) -> dict[str, Any]:
    topics = consumed["topics"]
    pattern: dict[str, Any] = {
        "source": [{"suffix": ".events"}] if topics == "all" else list(topics)
    }
    if "events" in consumed:
        pattern["detail-type"] = list(consumed["events"])
    metadata: dict[str, Any] = {}
    if "entities" in consumed:
        metadata["entity"] = {"type": list(consumed["entities"])}
    if "routing_keys" in consumed:
        metadata["routing_key"] = list(consumed["routing_keys"])
    detail = {"metadata": metadata} if metadata else {}
    if "target_types" in consumed:
        detail.setdefault("data", {})["targetType"] = list(consumed["target_types"])
    if "about" in consumed:
        detail.setdefault("data", {})["about_event"] = list(consumed["about"])
    if detail:
        pattern["detail"] = detail
    name = function.logical_id
    target = {
        "Id": "queue",
        "Arn": cfn.get_att(f"{name}Queue", "Arn"),
        "DeadLetterConfig": {"Arn": cfn.get_att(f"{name}DeadLetters", "Arn")},
    }
    return {
        "Type": "AWS::Events::Rule",
        "Properties": {
            "EventBusName": cfn.ref("BusName"),
            "EventPattern": pattern,
            "Targets": [target],
        },
    }


def _queue_policy(name: str, rules: list[str]) -> dict[str, Any]:
    queues = [f"{name}Queue", f"{name}DeadLetters"]
    source = {"ArnEquals": {"aws:SourceArn": [cfn.get_att(rule, "Arn") for rule in rules]}}
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": [cfn.get_att(queue, "Arn") for queue in queues],
        "Condition": source,
    }
    return {
        "Type": "AWS::SQS::QueuePolicy",
        "Properties": {
            "Queues": [cfn.ref(queue) for queue in queues],
            "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        },
    }


# --- Schedules and streams ------------------------------------------------------------


def _schedule(_service: Service, function: Function, _grants: permissions.Grants) -> Resources:
    name = function.logical_id
    properties = {
        "Name": physical(function.name),
        "ScheduleExpression": function.spec["schedule"],
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {
            "Arn": cfn.get_att(name, "Arn"),
            "RoleArn": cfn.get_att(f"{name}ScheduleRole", "Arn"),
            # A missed sweep is made up by the next one; a late retry would only overlap with it.
            "RetryPolicy": {"MaximumRetryAttempts": 0},
        },
    }
    schedule = {"Type": "AWS::Scheduler::Schedule", "Properties": properties}
    return _schedule_role(function) | {f"{name}Schedule": schedule}


def _scheduled(_service: Service, function: Function, _grants: permissions.Grants) -> Resources:
    """Called by schedules that functions make, which pass the scheduler this role."""
    return _schedule_role(function)


def _schedule_role(function: Function) -> Resources:
    name = function.logical_id
    invoke = {
        "Effect": "Allow",
        "Action": "lambda:InvokeFunction",
        "Resource": cfn.get_att(name, "Arn"),
    }
    properties = {
        "AssumeRolePolicyDocument": _trust("scheduler.amazonaws.com"),
        "Policies": [_policy([invoke], "invoke")],
    }
    return {f"{name}ScheduleRole": {"Type": "AWS::IAM::Role", "Properties": properties}}


def _stream(_service: Service, function: Function, grants: permissions.Grants) -> Resources:
    """The journal's stream: only new items with events, retried for ever, then to a bucket."""
    name = function.logical_id
    stream = cfn.ref("JournalStreamArn")
    grants.allow(
        "Stream",
        ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"],
        stream,
    )
    grants.allow(
        "Streams", ["dynamodb:ListStreams"], cfn.arn("dynamodb", "table/${JournalTable}/stream/*")
    )
    bucket = f"{name}FailureBucket"
    for action, resource in (
        ("s3:PutObject", cfn.sub(f"${{{bucket}.Arn}}/*")),
        ("s3:ListBucket", cfn.get_att(bucket, "Arn")),
    ):
        statement = {"Effect": "Allow", "Action": [action], "Resource": resource}
        grants.statements.append(cfn.if_("IsOnAws", statement, cfn.NO_VALUE))
    # An item has something to publish (`pub`) exactly when it holds events; their count is a
    # scalar, which is all that stream filters are documented for.
    pattern = {
        "eventName": ["INSERT"],
        "dynamodb": {"NewImage": {"n": {"N": [{"anything-but": ["0"]}]}}},
    }
    on_failure = {"OnFailure": {"Destination": cfn.get_att(bucket, "Arn")}}
    mapping = {
        "FunctionName": cfn.ref(name),
        "EventSourceArn": stream,
        "StartingPosition": "TRIM_HORIZON",
        "BatchSize": 100,
        "ParallelizationFactor": 10,
        "MaximumRetryAttempts": -1,
        "MaximumRecordAgeInSeconds": -1,
        "BisectBatchOnFunctionError": True,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "FilterCriteria": {"Filters": [{"Pattern": json.dumps(pattern)}]},
        "DestinationConfig": cfn.if_("IsOnAws", on_failure, cfn.NO_VALUE),
    }
    return {
        f"{name}Mapping": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": mapping},
        bucket: {"Condition": "IsOnAws"}
        | buckets.bucket({"VersioningConfiguration": {"Status": "Enabled"}}),
        f"{name}IteratorAgeAlarm": _alarm(
            f"{function.name}-iterator-age",
            "Events wait in the journal's stream.",
            _function_metric("IteratorAge", name, "Maximum"),
            function.priority,
            threshold=function.priority.alarm_seconds * 1000,
        ),
    }


# --- Alarms ---------------------------------------------------------------------------


def _function_alarms(function: Function) -> Resources:
    name = function.logical_id
    return {
        f"{name}{metric}Alarm": _alarm(
            f"{function.name}-{metric.lower()}",
            f"{function.name}: {meaning}.",
            _function_metric(metric, name, "Sum"),
            function.priority,
        )
        for metric, meaning in (
            ("Errors", "invocations failed"),
            ("Throttles", "invocations were throttled"),
        )
    }


def _own_alarms(service: Service, function: Function) -> Resources:
    """Alarms on metrics that the function writes itself: above zero, or above what is said."""
    resources: Resources = {}
    for metric, spec in function.spec.get("alarms", {}).items():
        alarm = {"says": spec} if isinstance(spec, str) else spec
        if unknown := set(alarm) - {"says", "above", "of"}:
            raise DeclarationError(f"{function.name}: {metric}: unknown keys {sorted(unknown)}")
        resources[f"{function.logical_id}{metric}Alarm"] = _alarm(
            f"{function.name}-{metric.lower()}",
            f"{function.name}: {alarm['says']}.",
            _own_metric(metric, service, function, alarm.get("of", "Maximum")),
            function.priority,
            threshold=alarm.get("above", 0),
        )
    return resources


def _own_metric(
    metric: str, service: Service, function: Function, statistic: str
) -> dict[str, Any]:
    """A metric of the function's log lines, under the names that every line has."""
    # A percentile has a property of its own.
    kind = "ExtendedStatistic" if statistic.startswith("p") else "Statistic"
    return {
        "Namespace": "Quoin",
        "MetricName": metric,
        "Dimensions": [
            {"Name": "service", "Value": service.name},
            {"Name": "function_name", "Value": cfn.ref(function.logical_id)},
        ],
        kind: statistic,
    }


def _function_metric(metric: str, function: str, statistic: str) -> dict[str, Any]:
    return {
        "Namespace": "AWS/Lambda",
        "MetricName": metric,
        "Dimensions": [{"Name": "FunctionName", "Value": cfn.ref(function)}],
        "Statistic": statistic,
    }


def _queue_metric(metric: str, queue: str) -> dict[str, Any]:
    return {
        "Namespace": "AWS/SQS",
        "MetricName": metric,
        "Dimensions": [{"Name": "QueueName", "Value": cfn.get_att(queue, "QueueName")}],
        "Statistic": "Maximum",
    }


def _alarm(
    name: str, description: str, metric: dict[str, Any], priority: Priority, threshold: int = 0
) -> dict[str, Any]:
    return {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "AlarmName": physical(name),
            "AlarmDescription": description,
            **metric,
            "Period": priority.alarm_seconds,
            "EvaluationPeriods": 1,
            "Threshold": threshold,
            "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": "notBreaching",
            "AlarmActions": [cfn.ref("AlarmTopicArn")],
        },
    }
