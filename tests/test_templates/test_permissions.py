"""Who may do what: least privilege, and money only inside transactions."""

from __future__ import annotations

import json
import re
from typing import Any

import stacks

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


def test_only_the_publisher_puts_events_on_the_bus() -> None:
    holders = {
        holder.stack
        for holder, statement in stacks.statements()
        if "events:PutEvents" in stacks.listed(statement["Action"])
    }
    assert holders == {"event-publisher"}


PERSONAL_KEYS = {
    "kms:GenerateDataKey": {"RegisterUserRole", "CreateOperatorRole"},
    "kms:Decrypt": {
        "GetMeRole",
        "UpdateMeRole",
        "CreateTransferRole",
        "NotifyRole",
        "ListNotificationsRole",
        "SetPreferencesRole",
    },
}


def test_only_those_named_in_security_md_use_peoples_keys() -> None:
    holders: dict[str, set[str]] = {action: set() for action in PERSONAL_KEYS}
    for holder, statement in stacks.statements():
        for action in PERSONAL_KEYS.keys() & set(stacks.listed(statement["Action"])):
            holders[action].add(holder.name)
    assert holders == PERSONAL_KEYS
