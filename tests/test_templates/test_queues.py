"""Every consumer: its queue, its dead letters, how it is fed, when it alarms."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import stacks
from templates.declaration import DeclarationError, Function, Service, read

DAY = 24 * 60 * 60


def consumers() -> Iterator[tuple[Service, Function, str]]:
    """Each consuming function with the logical prefix of its queue."""
    for service in stacks.services():
        for function in service.functions:
            if function.trigger == "consumes":
                yield service, function, function.logical_id
            elif function.trigger == "queue":
                queue = function.spec["queue"]
                yield service, function, "".join(part.capitalize() for part in queue.split("-"))


def stack(service: Service) -> dict[str, Any]:
    path = stacks.ROOT / "functions" / service.name / "template.yaml"
    return stacks.translated(path)["Resources"]


def test_every_queue_is_encrypted_and_has_dead_letters_or_is_one() -> None:
    for queue in stacks.resources("AWS::SQS::Queue"):
        properties = queue.properties
        assert properties["SqsManagedSseEnabled"] is True, queue
        if "RedrivePolicy" in properties:
            dead = properties["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]
            assert properties["RedrivePolicy"]["maxReceiveCount"] == 10, queue
            target = stacks.translated(stacks.ROOT / "functions" / queue.stack / "template.yaml")[
                "Resources"
            ][dead]["Properties"]
            assert target["MessageRetentionPeriod"] == 14 * DAY, queue
            assert properties["MessageRetentionPeriod"] < target["MessageRetentionPeriod"], queue
        else:
            assert properties["MessageRetentionPeriod"] == 14 * DAY, queue


def test_every_queue_with_dead_letters_alarms() -> None:
    alarmed = {
        (alarm.stack, dimension["Value"]["Fn::GetAtt"][0])
        for alarm in stacks.resources("AWS::CloudWatch::Alarm")
        if alarm.properties["Namespace"] == "AWS/SQS"
        for dimension in alarm.properties["Dimensions"]
    }
    assert alarmed == {(queue.stack, queue.name) for queue in stacks.resources("AWS::SQS::Queue")}


def test_visibility_leaves_room_for_six_timeouts() -> None:
    for service, function, queue in consumers():
        body = stack(service)
        timeout = body[function.logical_id]["Properties"]["Timeout"]
        assert body[f"{queue}Queue"]["Properties"]["VisibilityTimeout"] >= 6 * timeout, function


def test_every_mapping_reports_single_failures_and_is_capped() -> None:
    for service, function, queue in consumers():
        mapping = stack(service)[f"{function.logical_id}Mapping"]["Properties"]
        assert mapping["EventSourceArn"] == {"Fn::GetAtt": [f"{queue}Queue", "Arn"]}, function
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"], function
        assert 2 <= mapping["ScalingConfig"]["MaximumConcurrency"] <= 20, function
        assert mapping["BatchSize"] == function.priority.batch, function
        if mapping["BatchSize"] > 10:
            assert mapping["MaximumBatchingWindowInSeconds"] >= 1, function


def test_queues_that_carry_money_have_small_batches() -> None:
    for _, function, _ in consumers():
        if "transact" in function.uses.get("wallets", []):
            assert function.priority.batch <= 5, function


def test_every_consumer_alarms_on_errors_throttles_age_and_dead_letters() -> None:
    for service, function, queue in consumers():
        body = stack(service)
        wanted = {
            f"{function.logical_id}ErrorsAlarm": "Errors",
            f"{function.logical_id}ThrottlesAlarm": "Throttles",
            f"{queue}AgeAlarm": "ApproximateAgeOfOldestMessage",
            f"{queue}DeadLettersAlarm": "ApproximateNumberOfMessagesVisible",
        }
        for name, metric in wanted.items():
            alarm = body[name]["Properties"]
            assert alarm["MetricName"] == metric, name
            assert alarm["AlarmActions"] == [{"Ref": "AlarmTopicArn"}], name
            assert alarm["Period"] == function.priority.alarm_seconds, name


def test_a_consumer_reaches_its_own_queues_and_no_other_consumers() -> None:
    for service, function, queue in consumers():
        role = stack(service)[f"{function.logical_id}Role"]["Properties"]["Policies"][0]
        statements = {s["Sid"]: s for s in role["PolicyDocument"]["Statement"]}
        own = statements["OwnQueue"]
        assert own["Resource"] == {"Fn::GetAtt": [f"{queue}Queue", "Arn"]}, function
        assert set(own["Action"]) == {
            "sqs:ChangeMessageVisibility",
            "sqs:DeleteMessage",
            "sqs:GetQueueAttributes",
            "sqs:ReceiveMessage",
        }
        receives = [s for s in statements.values() if "sqs:ReceiveMessage" in s["Action"]]
        assert len(receives) == 1, function


def test_rules_deliver_to_their_consumers_queue_and_nothing_else_may() -> None:
    for service, function, queue in consumers():
        if function.trigger != "consumes":
            continue
        body = stack(service)
        rules = [name for name in body if name.startswith(f"{function.logical_id}Rule")]
        assert len(rules) == len(function.spec["consumes"]), function
        for rule in rules:
            (target,) = body[rule]["Properties"]["Targets"]
            assert target["Arn"] == {"Fn::GetAtt": [f"{queue}Queue", "Arn"]}, rule
            dead = {"Arn": {"Fn::GetAtt": [f"{queue}DeadLetters", "Arn"]}}
            assert target["DeadLetterConfig"] == dead, rule
        (statement,) = body[f"{queue}QueuePolicy"]["Properties"]["PolicyDocument"]["Statement"]
        sources = statement["Condition"]["ArnEquals"]["aws:SourceArn"]
        assert sorted(source["Fn::GetAtt"][0] for source in sources) == sorted(rules)


def test_the_publisher_never_gives_up() -> None:
    (mapping,) = [
        m for m in stacks.resources("AWS::Lambda::EventSourceMapping")
        if m.stack == "event-publisher"
    ]  # fmt: skip
    properties = mapping.properties
    assert properties["StartingPosition"] == "TRIM_HORIZON"
    assert properties["MaximumRetryAttempts"] == properties["MaximumRecordAgeInSeconds"] == -1
    assert "OnFailure" in properties["DestinationConfig"]["Fn::If"][1]


def test_only_those_that_take_messages_say_how_many(tmp_path: Path) -> None:
    declared = tmp_path / "service.yaml"
    declared.write_text("service: x\nfunctions:\n  sweep: {schedule: rate(1 hour), batch: 100}\n")
    with pytest.raises(DeclarationError, match="batch is for those that take messages"):
        read(declared)
