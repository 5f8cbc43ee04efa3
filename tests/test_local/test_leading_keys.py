"""Which partition keys a DynamoDB request touches, as AWS tells a policy."""

from __future__ import annotations

import pytest
from local.leading_keys import keys_touched

BET, WALLET = {"S": "bet#1"}, {"S": "wallet#2"}


@pytest.mark.parametrize(
    ("request_body", "keys"),
    [
        ({"TableName": "t", "Key": {"pk": BET, "sk": {"N": "1"}}}, ["bet#1"]),
        ({"TableName": "t", "Item": {"pk": WALLET}}, ["wallet#2"]),
        ({"RequestItems": {"t": {"Keys": [{"pk": BET}, {"pk": WALLET}]}}}, ["bet#1", "wallet#2"]),
        ({"RequestItems": {"other": {"Keys": [{"pk": BET}]}}}, []),
        (
            {"RequestItems": {"t": [{"PutRequest": {"Item": {"pk": BET}}}]}},
            ["bet#1"],
        ),
        (
            {
                "KeyConditionExpression": "pk = :pk AND sk > :sk",
                "ExpressionAttributeValues": {":pk": BET, ":sk": {"N": "0"}},
            },
            ["bet#1"],
        ),
        (
            {
                "KeyConditionExpression": "#s = :s and #p = :p",
                "ExpressionAttributeNames": {"#p": "pk", "#s": "sk"},
                "ExpressionAttributeValues": {":p": WALLET, ":s": {"S": "pk"}},
            },
            ["wallet#2"],
        ),
        ({"TableName": "t"}, []),
    ],
)
def test_keys_of_a_request(request_body: dict, keys: list[str]) -> None:
    assert keys_touched(request_body, "t") == keys
