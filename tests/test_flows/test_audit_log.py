"""The audit log of what members did: whole as written, and every way to change it is found."""

from __future__ import annotations

import copy
import hashlib
import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from client import Platform, eventually
from client.command_line import Said, quoin
from deliver import deliver
from member import Member, Stream

Item = dict[str, Any]
GENESIS = "0" * 64


class Log:
    """The log's table, without the rules that the logger keeps."""

    def __init__(self, platform: Platform) -> None:
        self.tables = platform.aws("dynamodb")
        names = self.tables.list_tables()["TableNames"]
        self.table = next(name for name in names if "-AuditLogTable" in name)

    def chain(self, shard: int) -> list[Item]:
        pages = self.tables.get_paginator("query").paginate(
            TableName=self.table,
            ConsistentRead=True,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": f"chain#{shard}"}},
        )
        return [item for page in pages for item in page["Items"]]

    def put(self, items: list[Item]) -> None:
        for item in items:
            self.tables.put_item(TableName=self.table, Item=item)

    def remove(self, items: list[Item]) -> None:
        for item in items:
            key = {"pk": item["pk"], "sk": item["sk"]}
            self.tables.delete_item(TableName=self.table, Key=key)

    @contextmanager
    def chain_is(self, shard: int, links: list[Item], marks: list[Item] = []) -> Iterator[None]:  # noqa: B006
        """A chain as `links` has it, with more marks, and afterwards as it was."""
        before = self.chain(shard)
        self.remove(before)
        self.put(links + marks)
        try:
            yield
        finally:
            self.remove(links + marks)
            self.put(before)


def hashed(link: Item) -> str:
    """The hash of a link, worked out apart from the platform."""
    number = str(int(link["sk"]["S"]))
    shard = link["pk"]["S"].removeprefix("chain#")
    texts = [link[name]["S"] for name in ("previous", "event_id", "event", "entity")]
    parts = [shard, number, *texts, link["sequence"]["N"], link["timestamp"]["S"]]
    hasher = hashlib.sha256()
    for part in [*parts, link["sha256"]["S"]]:
        hasher.update(len(part.encode()).to_bytes(8, "big") + part.encode())
    return hasher.hexdigest()


def sealed(links: list[Item]) -> list[Item]:
    """The links numbered and chained anew: what somebody does who knows how it is done."""
    previous, done = GENESIS, []
    for number, link in enumerate(copy.deepcopy(links), start=1):
        link["sk"], link["previous"] = {"S": f"{number:012}"}, {"S": previous}
        link["hash"] = {"S": hashed(link)}
        previous = link["hash"]["S"]
        done.append(link)
    return done


def mark(link: Item) -> Item:
    return {
        "pk": {"S": f"event#{link['event_id']['S']}"},
        "sk": {"S": "-"},
        "shard": {"N": link["pk"]["S"].removeprefix("chain#")},
        "number": {"N": str(int(link["sk"]["S"]))},
        "sha256": link["sha256"],
    }


def audit(platform: Platform, *arguments: str) -> Said:
    return quoin(platform, "audit", "--stage", "local", "--grace", "0", "--json", *arguments)


@pytest.fixture(scope="module")
def log(platform: Platform) -> Log:
    """A log in which every chain has several links."""
    log = Log(platform)
    members = []
    while not members or min(len(log.chain(shard)) for shard in range(4)) < 5:
        member = Member(platform).created("2026-01-05").registered("2026-01-05", "2026-02-05")
        member.renewed("2026-02-05", "2026-03-05").cancelled("2026-02-20")
        members.append(member)
        events = member.customer.events + member.subscription.events
        ids = {event["metadata"]["event_id"] for event in events}
        eventually(lambda ids=ids: ids <= {one["event_id"]["S"] for one in links(log)})
    return log


def links(log: Log) -> list[Item]:
    return [link for shard in range(4) for link in log.chain(shard)]


def test_every_event_of_members_is_in_the_log_once(platform: Platform, log: Log) -> None:
    payment = f"pay_{uuid.uuid4().hex}"
    charge = Stream(platform, "charge", payment)
    data = {
        "payment_id": payment,
        "customer_id": "cust_1",
        "user_id": "user_1",
        "subscription_id": "sub_1",
        "purpose": "renewal",
        "plan": "monthly",
        "price": 9.99,
        "credit": 0,
        "amount": 9.99,
        "currency": "INR",
        "provider": "sandbox",
        "provider_reference": "ref_1",
        "period_start": "2026-01-05T12:00:00.000Z",
        "period_end": "2026-02-05T12:00:00.000Z",
    }
    charge.append(("payment.processed", "2026-01-05", data))
    member = Member(platform).created("2026-01-05")
    (paid,), (created,) = charge.events, member.customer.events

    def of(event: Any) -> list[Item]:
        event_id = event["metadata"]["event_id"]
        return [link for link in links(log) if link["event_id"]["S"] == event_id]

    eventually(lambda: of(paid) and of(created))
    deliver(platform, "audit-logger", paid, created, paid)
    # What comes after them in the same chain says that they were looked at.
    member.deleted("2026-01-06", "payment_declined")
    eventually(lambda: of(member.customer.events[1]))
    assert (len(of(paid)), len(of(created))) == (1, 1)
    (link,) = of(created)
    assert link["hash"]["S"] == hashed(link)
    assert link["entity"]["S"] == f"customer#{member.customer_id}"
    assert "enc:v1" not in json.dumps(link) and "user_" not in json.dumps(link)


def test_the_log_is_whole(platform: Platform, log: Log) -> None:
    said = audit(platform)
    assert said.code == 0, said.out + said.err
    assert said.document["is_well"] and said.document["links"] >= 20
    assert said.document["links"] == said.document["events"] == len(links(log))
    text = quoin(platform, "audit", "--stage", "local", "--grace", "0")
    assert text.code == 0 and "the log is whole" in text.out


def gone(chain: list[Item]) -> list[Item]:
    return chain[:1] + chain[2:]


def altered(chain: list[Item]) -> list[Item]:
    return [*chain[:1], chain[1] | {"event": {"S": "customer.deleted"}}, *chain[2:]]


def exchanged(chain: list[Item]) -> list[Item]:
    """The second and the third change places, each with the hash of what it now says."""
    second = chain[2] | {"sk": chain[1]["sk"], "previous": chain[1]["previous"]}
    second["hash"] = {"S": hashed(second)}
    third = chain[1] | {"sk": chain[2]["sk"], "previous": second["hash"]}
    third["hash"] = {"S": hashed(third)}
    return [chain[0], second, third, *chain[3:]]


def inserted(chain: list[Item]) -> list[Item]:
    """One more after the second; those behind it are numbered anew, and no more."""
    forged = chain[1] | {"event_id": {"S": str(uuid.uuid4())}, "previous": chain[1]["hash"]}
    shifted = [
        link | {"sk": {"S": f"{number:012}"}}
        for number, link in enumerate([forged, *chain[2:]], start=3)
    ]
    resealed = [link | {"hash": {"S": hashed(link)}} for link in shifted]
    return [*chain[:2], *resealed]


def reordered(chain: list[Item]) -> list[Item]:
    """Only the keys of two links change places."""
    second, third = chain[1] | {"sk": chain[2]["sk"]}, chain[2] | {"sk": chain[1]["sk"]}
    return [chain[0], third, second, *chain[3:]]


def unreadable(chain: list[Item]) -> list[Item]:
    return [chain[0], {"pk": chain[1]["pk"], "sk": chain[1]["sk"]}, *chain[2:]]


# Ways to change a chain, the first break that is named, and the link that it is at.
CHANGES: dict[Callable[[list[Item]], list[Item]], tuple[str, int]] = {
    gone: ("gap", 3),
    altered: ("altered", 2),
    exchanged: ("unlinked", 4),
    inserted: ("unlinked", 4),
    reordered: ("altered", 2),
    unreadable: ("unreadable", 2),
    # Somebody who numbers, chains and hashes all of it anew.
    lambda chain: sealed(gone(chain)): ("unmarked", 2),
    lambda chain: sealed(altered(chain)): ("forged", 2),
    lambda chain: sealed([*chain[:1], chain[2], chain[1], *chain[3:]]): ("unmarked", 2),
}


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_changed_chain_is_found(
    platform: Platform, log: Log, change: Callable[[list[Item]], list[Item]]
) -> None:
    kind, number = CHANGES[change]
    with log.chain_is(1, change(log.chain(1))):
        said = audit(platform)
        assert said.code == 1, said.out
        (first,) = said.document["breaks"]
        assert (first["kind"], first["place"]) == (kind, f"chain 1 link {number}")
    assert audit(platform).code == 0


def test_what_the_journal_tells_otherwise_is_found(platform: Platform, log: Log) -> None:
    """The chain, its hashes and its marks agree; the journal does not."""
    chain = log.chain(2)
    other = sealed([*chain[:1], chain[1] | {"sha256": {"S": "ab" * 32}}, *chain[2:]])
    true_marks = [mark(link) for link in chain]
    try:
        with log.chain_is(2, other):
            log.put([mark(link) for link in other])
            said = audit(platform, "--all")
            assert [one["kind"] for one in said.document["breaks"]] == ["forged"]
            assert said.document["breaks"][0]["place"] == "chain 2 link 2"
    finally:
        log.put(true_marks)
    assert audit(platform).code == 0


def test_a_link_that_is_gone_from_the_end_is_found(platform: Platform, log: Log) -> None:
    chain = log.chain(3)
    last = chain[-1]
    with log.chain_is(3, chain[:-1]):
        log.remove([mark(last)])
        said = audit(platform)
        assert said.code == 1
        (first,) = said.document["breaks"]
        assert first["kind"] == "unlogged" and last["entity"]["S"] in first["place"]
        # It may still be on its way.
        late = quoin(platform, "audit", "--stage", "local", "--grace", "3600", "--json")
        assert late.code == 0, late.out
    log.put([mark(last)])
    assert audit(platform).code == 0


def test_a_link_for_an_event_that_never_was_is_found(platform: Platform, log: Log) -> None:
    chain = log.chain(0)
    forged = chain[-1] | {"event_id": {"S": str(uuid.uuid4())}}
    longer = sealed([*chain, forged])
    assert longer[:-1] == chain
    with log.chain_is(0, longer, [mark(longer[-1])]):
        said = audit(platform, "--all")
        assert said.code == 1
        found = [(one["kind"], one["place"]) for one in said.document["breaks"]]
        assert found == [("forged", f"chain 0 link {len(longer)}")]
    assert audit(platform).code == 0


def test_the_logger_may_put_and_nothing_else(platform: Platform, log: Log) -> None:
    """An event that says another thing under the same id takes nobody's place."""
    member = Member(platform).created("2026-01-05")
    (event,) = member.customer.events
    event_id = event["metadata"]["event_id"]

    def own() -> list[Item]:
        return [link for link in links(log) if link["event_id"]["S"] == event_id]

    (before,) = eventually(own)
    other = copy.deepcopy(event)
    other["data"]["language"] = "xx"
    deliver(platform, "audit-logger", other)

    def letters() -> list[str]:
        done = quoin(
            platform, "dead-letters", "--stage", "local", "--queue", "audit-logger", "--json"
        )
        return [one["event_id"] for queue in done.document for one in queue["messages"]]

    eventually(letters, lambda ids: event_id in ids)
    assert own() == [before]
    queues = platform.aws("sqs")
    for url in queues.list_queues()["QueueUrls"]:
        if url.endswith("-audit-logger-dlq"):
            queues.purge_queue(QueueUrl=url)
