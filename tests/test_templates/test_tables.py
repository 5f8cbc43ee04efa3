"""Tables: what must survive, and that everything can be restored."""

from __future__ import annotations

import stacks

TRUTH = {"JournalTable", "WalletsTable", "UsersTable", "UserKeysTable"}


def test_every_table_is_encrypted_on_demand_and_restorable() -> None:
    for table in stacks.resources("AWS::DynamoDB::Table"):
        properties = table.properties
        assert properties["BillingMode"] == "PAY_PER_REQUEST", table
        assert properties["SSESpecification"]["SSEEnabled"] is True, table
        recovery = properties["PointInTimeRecoverySpecification"]
        assert recovery["PointInTimeRecoveryEnabled"] is True, table


def test_money_and_people_outlive_their_stack() -> None:
    root = stacks.translated(stacks.ROOT_TEMPLATE)["Resources"]
    tables = {name for name, body in root.items() if body["Type"] == "AWS::DynamoDB::Table"}
    assert tables == TRUTH
    for name in TRUTH:
        assert root[name]["DeletionPolicy"] == root[name]["UpdateReplacePolicy"] == "Retain"


def test_no_table_goes_with_a_stage_that_serves_people() -> None:
    for table in stacks.resources("AWS::DynamoDB::Table"):
        protection = table.properties["DeletionProtectionEnabled"]
        assert protection == {"Fn::If": ["IsProtected", True, False]}, table
    stages = [{"Fn::Equals": [{"Ref": "Stage"}, stage]} for stage in ("prod", "staging")]
    for template in stacks.ALL_TEMPLATES:
        document = stacks.translated(template)
        if "AWS::DynamoDB::Table" in {one["Type"] for one in document["Resources"].values()}:
            assert document["Conditions"]["IsProtected"] == {"Fn::Or": stages}, template


def test_the_journal_streams_new_images_and_never_expires() -> None:
    journal = stacks.translated(stacks.ROOT_TEMPLATE)["Resources"]["JournalTable"]["Properties"]
    assert journal["StreamSpecification"] == {"StreamViewType": "NEW_IMAGE"}
    assert "TimeToLiveSpecification" not in journal
    assert "GlobalSecondaryIndexes" not in journal


def test_the_audit_log_outlives_its_stack_and_never_expires() -> None:
    (log,) = (one for one in stacks.resources("AWS::DynamoDB::Table") if "AuditLog" in one.name)
    assert log.body["DeletionPolicy"] == log.body["UpdateReplacePolicy"] == "Retain"
    assert "TimeToLiveSpecification" not in log.properties


def test_keys_are_retained() -> None:
    for key in stacks.resources("AWS::KMS::Key"):
        assert key.body["DeletionPolicy"] == key.body["UpdateReplacePolicy"] == "Retain"
