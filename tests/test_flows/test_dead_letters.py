"""What consumers gave up: listed with its reason, and sent back once what was wrong is mended."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from client import Feed, Platform, User, eventually
from client.command_line import quoin
from ledger import Item, Ledger

QUEUE = "wallet-payouts"
STAGE = "local"
Letter = dict[str, Any]


def queues(platform: Platform) -> dict[str, dict[str, Any]]:
    answer = platform.get("/api/dead-letters", token=platform.operator_token()).expect(200)
    return {queue["queue"]: queue for queue in answer["queues"]}


def letters(platform: Platform, queue: str = QUEUE) -> list[Letter]:
    return queues(platform)[queue]["messages"]


def redrive(platform: Platform, dry_run: bool, *ids: str, queue: str = QUEUE) -> dict[str, Any]:
    body = {"dry_run": dry_run} | ({"message_ids": list(ids)} if ids else {})
    path = f"/api/dead-letters/{queue}/redrive"
    return platform.post(path, body, token=platform.operator_token()).expect(200)


def about(platform: Platform, entity_id: str) -> list[Letter]:
    found = letters(platform)
    return [letter for letter in found if letter.get("entity", {}).get("id") == entity_id]


@contextmanager
def newer_wallet(platform: Platform, user: User) -> Iterator[None]:
    """While it lasts, the wallet has a shape that no function knows yet."""
    ledger = Ledger(platform)

    def newer(item: Item) -> Item:
        return item | {"schema": {"N": "99"}}

    with ledger.altered(ledger.wallets, {"pk": {"S": user.user_id}}, newer):
        yield


@pytest.fixture
def given_up(platform: Platform, user: User, feed: Feed) -> tuple[str, Letter]:
    """A won bet whose payout was given up, and its letter; what was wrong is mended by now."""
    user.funded(100)
    feed.odds(o1="2").expect(204)
    bet = user.bet([feed.selection("2")], 10).expect(201)["bet_id"]
    with newer_wallet(platform, user):
        feed.settle(o1="1", o2="0", o3="0").expect(204)
        (letter,) = eventually(lambda: about(platform, bet))
    return bet, letter


@pytest.fixture
def poison(platform: Platform) -> Iterator[Letter]:
    """A message that nobody can ever read."""
    sqs, mark = platform.aws("sqs"), uuid.uuid4().hex
    url = sqs.get_queue_url(QueueName=f"quoin-{STAGE}-{QUEUE}")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody=json.dumps({"not an event": mark}))
    yield eventually(lambda: unreadable(platform))[0]
    dead = sqs.get_queue_url(QueueName=f"quoin-{STAGE}-{QUEUE}-dlq")["QueueUrl"]

    def emptied() -> bool:
        """Nothing of it is left for other tests."""
        answer = sqs.receive_message(QueueUrl=dead, MaxNumberOfMessages=10, VisibilityTimeout=0)
        for message in answer.get("Messages", []):
            if mark in message["Body"]:
                sqs.delete_message(QueueUrl=dead, ReceiptHandle=message["ReceiptHandle"])
        return not unreadable(platform)

    eventually(emptied)


def unreadable(platform: Platform) -> list[Letter]:
    return [letter for letter in letters(platform) if letter["class"] == "poison"]


def test_a_letter_says_what_was_given_up_by_whom_and_why(
    platform: Platform, given_up: tuple[str, Letter]
) -> None:
    _, letter = given_up
    assert letter["class"] == "exhausted"
    assert "schema" in letter["reason"]
    assert letter["attempts"] == 6
    assert letter["function"] == f"quoin-{STAGE}-{QUEUE}"
    assert letter["event"] == "BetSettled"
    assert letter["event_id"] and letter["parked_at"]
    assert set(letter) == {
        "message_id", "class", "reason", "attempts", "function", "parked_at", "event", "event_id",
        "entity",
    }  # fmt: skip
    shown = queues(platform)
    assert shown[QUEUE]["count"] >= 1
    assert {"audit", "wallet-deposits", "notify"} <= set(shown)
    redrive(platform, False, letter["message_id"])


def test_a_trial_changes_nothing_and_what_is_mended_is_applied_once(
    platform: Platform, user: User, given_up: tuple[str, Letter]
) -> None:
    bet, letter = given_up
    assert user.balance() == 90
    tried = redrive(platform, True, letter["message_id"])
    assert (tried["count"], tried["dry_run"], tried["is_whole"]) == (1, True, True)
    assert tried["messages"] == [letter]
    # Nothing moved, and the letter can be seen again at once.
    assert about(platform, bet) == [letter]
    assert user.balance() == 90
    done = redrive(platform, False, letter["message_id"])
    assert (done["count"], done["messages"], done["missing"]) == (1, [letter], [])
    eventually(user.balance, lambda balance: balance == 110)
    assert about(platform, bet) == []
    again = redrive(platform, False, letter["message_id"])
    assert (again["count"], again["missing"]) == (0, [letter["message_id"]])
    paid = [line for line in user.entries() if line["type"] == "credit_bet_payout"]
    assert len(paid) == 1


def test_only_those_named_go_and_what_is_poison_comes_back(
    platform: Platform, user: User, given_up: tuple[str, Letter], poison: Letter
) -> None:
    bet, letter = given_up
    assert "event" not in poison and poison["attempts"] == 1
    assert "cannot be read" in poison["reason"]
    done = redrive(platform, False, letter["message_id"])
    assert [one["message_id"] for one in done["messages"]] == [letter["message_id"]]
    assert unreadable(platform) == [poison]
    eventually(user.balance, lambda balance: balance == 110)
    # Sent back unmended it is given up anew: another letter, which this redrive left alone.
    done = redrive(platform, False, poison["message_id"])
    assert done["messages"] == [poison]
    (returned,) = eventually(lambda: unreadable(platform))
    assert returned["message_id"] != poison["message_id"]
    assert about(platform, bet) == []


def test_the_command_line_lists_and_sends_back(
    platform: Platform, user: User, given_up: tuple[str, Letter]
) -> None:
    bet, letter = given_up
    message = letter["message_id"]
    listed = quoin(platform, "dead-letters", "--stage", STAGE, "--queue", QUEUE, "--json")
    assert listed.code == 1
    (queue,) = listed.document
    assert queue["queue"] == QUEUE and letter in queue["messages"]
    table = quoin(platform, "dead-letters", "--stage", STAGE).out
    assert QUEUE in table and message in table and "BetSettled" in table and "schema" in table
    order = ["redrive", QUEUE, "--stage", STAGE, "--message", message]
    tried = quoin(platform, *order, "--dry-run")
    assert (tried.code, "1 would go back to" in tried.out) == (0, True), tried
    assert about(platform, bet) == [letter]
    done = quoin(platform, *order, "--json")
    assert (done.code, done.document["messages"]) == (0, [letter]), done
    eventually(user.balance, lambda balance: balance == 110)
    gone = quoin(platform, *order)
    assert (gone.code, f"{message} not seen" in gone.out) == (1, True), gone
    nowhere = quoin(platform, "redrive", "no-such-function", "--stage", STAGE)
    assert (nowhere.code, "no dead-letter queue" in nowhere.err) == (2, True), nowhere


def test_a_queue_that_there_is_not_is_not_found(platform: Platform) -> None:
    operator = platform.operator_token()
    for queue in ["no-such-queue", f"{QUEUE}-dlq", "audit.fifo", QUEUE.upper()]:
        path = f"/api/dead-letters/{queue}/redrive"
        answer = platform.post(path, {"dry_run": True}, token=operator)
        answer.problem(404, "NOT_FOUND")


@pytest.mark.parametrize("body", [{}, {"dry_run": "yes"}, {"dry_run": True, "all": True}])
def test_whether_it_is_a_trial_has_to_be_said(platform: Platform, body: dict[str, Any]) -> None:
    path = f"/api/dead-letters/{QUEUE}/redrive"
    answer = platform.post(path, body, token=platform.operator_token())
    answer.problem(400, "BODY_MALFORMED")


def test_an_empty_list_of_letters_is_not_all_of_them(platform: Platform) -> None:
    path, body = f"/api/dead-letters/{QUEUE}/redrive", {"dry_run": True, "message_ids": []}
    answer = platform.post(path, body, token=platform.operator_token())
    answer.problem(400, "MESSAGE_IDS_INVALID")


def test_only_operators_see_and_send_back(platform: Platform, user: User) -> None:
    user.get("/api/dead-letters").problem(403, "FORBIDDEN")
    path = f"/api/dead-letters/{QUEUE}/redrive"
    user.post(path, {"dry_run": True}).problem(403, "FORBIDDEN")
    assert platform.get("/api/dead-letters").status == 401
