"""Who may do what: least privilege, and money only inside transactions."""

from __future__ import annotations

import dataclasses
import json
import re
from typing import Any

import pytest
import stacks
from templates import permissions
from templates.declaration import DeclarationError

ENCLOSED = {"dynamodb:EnclosingOperation": ["TransactWriteItems"]}
WRITES = {
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
    "dynamodb:DeleteItem",
    "dynamodb:BatchWriteItem",
    "dynamodb:PartiQLInsert",
    "dynamodb:PartiQLUpdate",
    "dynamodb:PartiQLDelete",
}


def _on_table(statement: dict[str, Any], table: str) -> bool:
    return f'table/${{{table}}}"' in json.dumps(statement.get("Resource"))


def _writes(statement: dict[str, Any]) -> set[str]:
    return WRITES & set(stacks.listed(statement["Action"]))


def test_no_action_is_a_wildcard() -> None:
    for holder, statement in stacks.statements():
        for action in stacks.listed(statement["Action"]):
            assert "*" not in action, f"{holder}: {action}"


def test_a_wildcard_resource_has_a_written_reason() -> None:
    for holder, statement in stacks.statements():
        bare = "*" in stacks.listed(statement.get("Resource", []))
        if bare or "NotResource" in statement:
            reasons = holder.body.get("Metadata", {}).get("Reasons", {})
            assert statement["Sid"] in reasons, f"{holder}: {statement}"


def test_rights_stand_in_the_roles_and_nowhere_else() -> None:
    for role in stacks.resources("AWS::IAM::Role"):
        assert "ManagedPolicyArns" not in role.properties, role
    assert not list(stacks.resources("AWS::IAM::Policy"))
    assert not list(stacks.resources("AWS::IAM::ManagedPolicy"))


def test_every_function_has_a_role_of_its_own() -> None:
    roles = [
        (function.stack, json.dumps(function.properties["Role"]))
        for function in stacks.resources("AWS::Lambda::Function")
    ]
    assert len(roles) == len(set(roles))


def test_the_journal_is_only_ever_appended_to_and_by_type() -> None:
    for holder, statement in stacks.statements():
        if not _on_table(statement, "JournalTable"):
            continue
        assert _writes(statement) <= {"dynamodb:PutItem"}, f"{holder}: {statement}"
        assert "dynamodb:Scan" not in stacks.listed(statement["Action"]), holder
        condition = statement.get("Condition", {}).get("ForAllValues:StringLike", {})
        keys = condition.get("dynamodb:LeadingKeys", [])
        by_type = keys and all(re.fullmatch(r"[a-z]+#\*", key) for key in keys)
        reasons = holder.body.get("Metadata", {}).get("Reasons", {})
        assert by_type or (not _writes(statement) and statement["Sid"] in reasons), holder


def test_wallet_streams_are_written_in_transactions_only() -> None:
    for holder, statement in stacks.statements():
        if _on_table(statement, "JournalTable") and _writes(statement):
            condition = statement["Condition"]
            keys = condition["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
            if {"wallet#*", "op#*"} & set(keys):
                assert condition["ForAnyValue:StringEquals"] == ENCLOSED, holder


def test_wallets_are_written_in_transactions_only_and_never_deleted() -> None:
    seen = 0
    for holder, statement in stacks.statements():
        if _on_table(statement, "WalletsTable") and _writes(statement):
            seen += 1
            assert _writes(statement) <= {"dynamodb:PutItem", "dynamodb:UpdateItem"}, holder
            assert statement["Condition"] == {"ForAnyValue:StringEquals": ENCLOSED}, holder
    assert seen > 0


def test_who_moves_money_also_writes_its_stream() -> None:
    """A wallet without its journal entry, or the reverse, cannot be committed."""
    for role in stacks.resources("AWS::IAM::Role"):
        text = json.dumps(role.properties)
        moves = '"WalletsTransact"' in text
        books = '"wallet#*"' in json.dumps(
            [
                statement
                for holder, statement in stacks.statements()
                if holder == role and _writes(statement)
            ]
        )
        assert moves == books, role


def _leading_keys(statement: dict[str, Any]) -> list[str]:
    condition = statement.get("Condition", {}).get("ForAllValues:StringLike", {})
    return list(condition.get("dynamodb:LeadingKeys", []))


def test_people_are_reached_by_kind_of_row_and_credentials_only_to_sign_in() -> None:
    holders: dict[str, set[str]] = {}
    for holder, statement in stacks.statements():
        if not _on_table(statement, "UsersTable"):
            continue
        keys = _leading_keys(statement)
        assert keys and all(re.fullmatch(r"[a-z]+#\*", key) for key in keys), holder
        if "credential#*" in keys:
            actions = set(stacks.listed(statement["Action"]))
            holders[holder.name] = holders.get(holder.name, set()) | actions
    assert holders == {
        "RegisterUserRole": {"dynamodb:PutItem"},
        "CreateSessionRole": {"dynamodb:GetItem"},
        "RefreshSessionRole": {"dynamodb:GetItem"},
        "CreateOperatorRole": {"dynamodb:GetItem", "dynamodb:PutItem"},
        # A registration that comes to nothing leaves no credential.
        "RegisterMemberRole": {"dynamodb:DeleteItem", "dynamodb:PutItem"},
        "ChargeCallbackRole": {"dynamodb:DeleteItem"},
        "MembershipSweeperRole": {"dynamodb:DeleteItem"},
        # Nor does somebody who is erased.
        "RequestErasureRole": {"dynamodb:DeleteItem"},
        "ComplianceCheckRole": {"dynamodb:DeleteItem"},
    }


# Tables with uses of their own; every other one that a role knows by name is another service's.
COMMON_TABLES = {"JournalTable", "WalletsTable", "UsersTable", "UserKeysTable"}

TABLES_OF_OTHERS = {
    ("BoostGigRole", "GigsTable"): ["gig#*"],
    ("BoostClanRole", "ClansTable"): ["clan#*"],
    ("PlaceOrderRole", "FraudTable"): ["user#*"],
    ("GetOrderTimelineRole", "ReportingTable"): ["audit#order#*"],
    ("ListMerchantOrdersRole", "OrderTable"): ["merchant#*"],
    ("ListCommissionsRole", "OrderTable"): ["merchant#*"],
    ("PutCommissionRateRole", "OrderTable"): ["merchant#*"],
    ("RequestErasureRole", "OrderTable"): ["user#*"],
    ("RequestErasureRole", "SportsbookTable"): ["bets#*"],
    ("GetCreditsRole", "UserCreditEventsTable"): ["user#*"],
    ("VerifierRole", "PaymentTable"): ["open#*"],
    ("VerifierRole", "ReportingTable"): ["audit#*"],
}


def test_tables_of_other_services_are_looked_at_row_by_row() -> None:
    found = {}
    for holder, statement in stacks.statements():
        for table in re.findall(r'table/\$\{(\w+)\}"', json.dumps(statement.get("Resource"))):
            if table not in COMMON_TABLES:
                found[holder.name, table] = _leading_keys(statement)
                reads = {f"dynamodb:{action}" for action in ("BatchGetItem", "GetItem", "Query")}
                assert set(stacks.listed(statement["Action"])) <= reads, holder
    assert found == TABLES_OF_OTHERS


@pytest.mark.parametrize(
    "uses",
    [
        {"users": [{"actions": ["GetItem"]}]},
        {"users": [{"actions": ["GetItem"], "keys": []}]},
        {"tables_of_others": {"fraud": ["GetItem"]}},
        {"tables_of_others": {"fraud": {"actions": ["GetItem"]}}},
        {"tables_of_others": {"fraud": {"actions": ["PutItem"], "keys": ["user"]}}},
    ],
)
def test_a_right_to_all_rows_or_to_write_those_of_others_cannot_be_said(
    uses: dict[str, Any],
) -> None:
    (service,) = (one for one in stacks.services() if one.name == "order")
    function = dataclasses.replace(service.functions[0], spec={"uses": uses})
    with pytest.raises(DeclarationError):
        permissions.of(service, function)


def test_the_audit_log_is_only_ever_appended_to_and_by_the_logger() -> None:
    writers = {}
    for holder, statement in stacks.statements():
        if "AuditLogTable" in json.dumps(statement.get("Resource")):
            actions = set(stacks.listed(statement["Action"]))
            assert actions <= {"dynamodb:PutItem", "dynamodb:Query"}, holder
            if writes := _writes(statement):
                writers[holder.name] = writes
                # Inside a transaction, which has the condition that a key is free.
                assert statement["Condition"] == {"ForAnyValue:StringEquals": ENCLOSED}, holder
    assert writers == {"AuditLoggerRole": {"dynamodb:PutItem"}}


@pytest.mark.parametrize("action", ["UpdateItem", "DeleteItem", "BatchWriteItem", "Scan"])
def test_a_right_to_change_the_audit_log_cannot_be_said(action: str) -> None:
    (service,) = (one for one in stacks.services() if one.name == "reporting")
    uses = {"tables": {"audit-log": ["PutItem", action]}}
    function = dataclasses.replace(service.functions[0], spec={"uses": uses})
    with pytest.raises(DeclarationError):
        permissions.of(service, function)


def test_only_the_publisher_puts_events_on_the_bus() -> None:
    holders = {
        holder.stack
        for holder, statement in stacks.statements()
        if "events:PutEvents" in stacks.listed(statement["Action"])
    }
    assert holders == {"event-publisher"}


PERSONAL_KEYS = {
    "kms:GenerateDataKey": {"RegisterUserRole", "RegisterMemberRole", "CreateOperatorRole"},
    "kms:Decrypt": {
        "GetMeRole",
        "UpdateMeRole",
        "CreateTransferRole",
        "CreateGigRole",
        "CreateClanRole",
        "NotifyRole",
        "ListNotificationsRole",
        "SetPreferencesRole",
        "PlaceOrderRole",
        "MerchantConnectorRole",
        "GetOrderRole",
        "ListOrdersRole",
        "GetSupportOrderRole",
        "RegisterMemberRole",
        "RenewSubscriptionRole",
        "ChangePlanRole",
        "SubscriptionRenewalRole",
        "MembershipSweeperRole",
        "GetInvoiceRole",
        "InvoiceGeneratorRole",
        "GetCustomerRole",
    },
}


def test_only_those_named_in_security_md_use_peoples_keys() -> None:
    holders: dict[str, set[str]] = {action: set() for action in PERSONAL_KEYS}
    for holder, statement in stacks.statements():
        for action in PERSONAL_KEYS.keys() & set(stacks.listed(statement["Action"])):
            holders[action].add(holder.name)
    assert holders == PERSONAL_KEYS


def test_only_the_fan_out_writes_to_connections_and_to_those_of_its_api() -> None:
    holders = {
        holder.name: json.dumps(statement["Resource"])
        for holder, statement in stacks.statements()
        if any("execute-api" in action for action in stacks.listed(statement["Action"]))
    }
    assert set(holders) == {"FanOutRole"}
    assert "${SocketApiId}/*/POST/@connections/*" in holders["FanOutRole"]


def test_only_operations_and_replays_reach_the_queues_of_others() -> None:
    rights: dict[str, set[str]] = {}
    for holder, statement in stacks.statements():
        if "quoin-${Stage}-*" in json.dumps(statement.get("Resource")):
            actions = set(stacks.listed(statement["Action"]))
            rights[holder.name] = rights.get(holder.name, set()) | actions
    looking = {
        "sqs:ChangeMessageVisibility",
        "sqs:GetQueueAttributes",
        "sqs:GetQueueUrl",
        "sqs:ReceiveMessage",
    }
    assert rights == {
        "ListDeadLettersRole": looking,
        "RedriveDeadLettersRole": looking | {"sqs:DeleteMessage", "sqs:SendMessage"},
        "ReplayRunnerRole": {"sqs:GetQueueUrl", "sqs:SendMessage"},
    }


def test_nothing_is_received_or_deleted_but_dead_letters_by_who_is_no_consumer() -> None:
    for holder, statement in stacks.statements():
        resource = json.dumps(statement.get("Resource"))
        if "quoin-${Stage}-" in resource and "-dlq" not in resource:
            taking = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"}
            assert not taking & set(stacks.listed(statement["Action"])), holder
