"""Outside parties that answer late, twice, never, wrongly, or not in their own name."""

from __future__ import annotations

import json
import time
import uuid
from typing import Any

from client import Answer, Platform, User, eventually
from inbox import messages


def callback(platform: Platform, body: dict[str, Any], party: str = "payment") -> Answer:
    raw = json.dumps(body).encode()
    path = "/api/payments/callbacks/sandbox"
    return platform.post(path, raw, headers=platform.signed(party, raw))


def outcome(payment_id: str, kind: str, amount: Any) -> dict[str, Any]:
    return {
        "type": f"payment.{kind}",
        "payment_id": payment_id,
        "amount": amount,
        "provider_reference": "ref_1",
    }


def status(user: User, payment_id: str) -> str:
    return user.get(f"/api/payments/{payment_id}").expect(200)["status"]


def test_a_declined_deposit_credits_nothing(user: User) -> None:
    payment = user.deposit(10, "sandbox_decline").expect(202)["payment_id"]
    eventually(lambda: status(user, payment), "failed".__eq__)
    assert user.balance() == 0


def test_a_provider_that_calls_twice_pays_once(user: User) -> None:
    payment = user.deposit(10, "sandbox_twice").expect(202)["payment_id"]
    eventually(user.balance, lambda now: now == 10)
    time.sleep(2)
    assert user.balance() == 10
    assert status(user, payment) == "succeeded"


def test_reordered_and_repeated_callbacks(platform: Platform, user: User) -> None:
    payment = user.deposit(10, "sandbox_silent").expect(202)["payment_id"]
    callback(platform, outcome(payment, "succeeded", 11)).problem(422, "AMOUNT_MISMATCH")
    callback(platform, outcome(payment, "failed", 10)).expect(204)
    # The money came after all: it is the customer's.
    callback(platform, outcome(payment, "succeeded", 10)).expect(204)
    callback(platform, outcome(payment, "succeeded", 10)).expect(204)
    callback(platform, outcome(payment, "failed", 10)).expect(204)
    eventually(user.balance, lambda now: now == 10)
    assert status(user, payment) == "succeeded"


def test_forged_callbacks_are_not_believed(platform: Platform, user: User) -> None:
    payment = user.deposit(10, "sandbox_silent").expect(202)["payment_id"]
    body = outcome(payment, "succeeded", 10)
    callback(platform, body, party="sms").problem(401, "SIGNATURE_INVALID")
    raw = json.dumps(body).encode()
    platform.post("/api/payments/callbacks/sandbox", raw).problem(401, "SIGNATURE_INVALID")
    assert status(user, payment) in ("initiated", "pending")
    unknown = outcome("pay_unknown", "succeeded", 10)
    callback(platform, unknown).problem(404, "NOT_FOUND")


def sandbox(platform: Platform) -> dict[str, str]:
    manager = platform.aws("secretsmanager")
    secret = manager.get_secret_value(SecretId=platform.outputs["stack"]["SandboxSecretArn"])
    return {"authorization": f"Bearer {secret['SecretString']}"}


def dead_letters(platform: Platform, name: str) -> list[dict[str, Any]]:
    queues = platform.aws("sqs")
    urls = queues.list_queues()["QueueUrls"]
    url = next(url for url in urls if name in url and "dlq" in url.lower())
    got = queues.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], VisibilityTimeout=0
    )
    return got.get("Messages", [])


def behave(platform: Platform, fail_next: int) -> None:
    body = {"channel": "sms", "fail_next": fail_next, "status": 503}
    answer = platform.put("/sandbox/behaviour", body, headers=sandbox(platform))
    assert answer.status in (200, 204), answer


def test_a_message_is_delivered_by_the_sixth_try(platform: Platform) -> None:
    behave(platform, 5)
    # Nobody logs in, so nothing else is told over this channel.
    person = User.somebody()
    platform.post("/api/users", person, key=uuid.uuid4().hex).expect(201)
    sent = eventually(lambda: messages(platform, person["phone"], "Welcome to Quoin"))
    assert len(sent) == 1


def test_a_message_that_fails_six_times_is_parked_with_its_reason(platform: Platform) -> None:
    behave(platform, 1000)
    user = User(platform)
    parked = eventually(
        lambda: [
            message
            for message in dead_letters(platform, "notify")
            if user.user_id in message["Body"]
        ]
    )
    attributes = {k: v["StringValue"] for k, v in parked[0]["MessageAttributes"].items()}
    assert attributes["class"] == "exhausted"
    assert attributes["attempts"] == "6"
    assert "503" in attributes["reason"]
    behave(platform, 0)
    user.funded(10)
    phone = user.registration["phone"].replace("+", "%2B")
    eventually(
        lambda: platform.get(f"/sandbox/messages?to={phone}", headers=sandbox(platform)).body[
            "items"
        ]
    )


def test_a_poison_message_is_parked_at_once_and_harms_nothing(
    platform: Platform, user: User
) -> None:
    queues = platform.aws("sqs")
    urls = queues.list_queues()["QueueUrls"]
    url = next(url for url in urls if "wallet-deposits" in url and "dlq" not in url.lower())
    poison = f"poison-{uuid.uuid4().hex}"
    queues.send_message(QueueUrl=url, MessageBody=poison)
    user.funded(10)
    parked = eventually(
        lambda: [m for m in dead_letters(platform, "wallet-deposits") if m["Body"] == poison]
    )
    attributes = {k: v["StringValue"] for k, v in parked[0]["MessageAttributes"].items()}
    assert (attributes["class"], attributes["attempts"]) == ("poison", "1")
