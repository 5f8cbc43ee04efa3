"""Live messages: tickets, connections, channels, and what is told over them."""

from __future__ import annotations

import hashlib
import json
import uuid
from typing import Any

import pytest
from boosts import boost, rows, with_credits
from client import Live, Platform, Refused, User, eventually
from deliver import deliver, event, moment


def give_profile_boost(user: User, target: User, amount: int) -> str:
    body = {"targetUserId": target.user_id, "amount": amount, "duration": 1}
    given = user.post("/api/credits/boost/profile", body, key=uuid.uuid4().hex)
    return given.expect(201)["eventId"]


def connections(platform: Platform) -> tuple[Any, str]:
    """The tables and the name of that of connections."""
    tables = platform.aws("dynamodb")
    (name,) = [one for one in tables.list_tables()["TableNames"] if "-ConnectionsTable" in one]
    return tables, name


def test_a_boost_is_seen_live_by_who_gives_and_by_who_gets_it(platform: Platform) -> None:
    giver, target = with_credits(platform, 100), User(platform)
    with Live(giver) as given, Live(target) as got:
        given.subscribed("user")
        got.subscribed("user")
        boost_id = give_profile_boost(giver, target, 40)

        seen = got.told("profile_boost")
        assert (seen["channel"], seen["key"]) == ("user", f"boost:{boost_id}")
        assert (seen["data"]["amount"], seen["data"]["targetId"]) == (40, target.user_id)
        assert "userId" not in seen["data"], "who gave it is not told"
        assert given.told("profile_boost")["data"]["userId"] == giver.user_id
        assert given.told("wallet.debited")["data"]["balance_after"] == 60

        # The end comes once, and the boost does not come back after it.
        ended = {"eventId": boost_id, "targetId": target.user_id, "userId": giver.user_id}
        late = event("profile_boost", seen["timestamp"], ("boost", boost_id), **ended)
        over = event("boost_expired", moment(), ("expiry", boost_id), **ended)
        deliver(platform, "fan-out", over, over)
        assert got.told("boost_expired")["key"] == f"boost:{boost_id}"
        deliver(platform, "fan-out", late, over)
        another = give_profile_boost(giver, target, 10)
        assert got.told("profile_boost")["key"] == f"boost:{another}"
        assert got.waits("boost") == []


def test_a_ticket_is_good_once_and_only_its_hash_is_kept(platform: Platform, user: User) -> None:
    given = user.post("/api/realtime/tickets").expect(201)
    assert given["url"] == platform.outputs["websocket_url"]
    assert given["expires_at"] > moment(50)
    tables, name = connections(platform)
    kept = json.dumps(tables.scan(TableName=name)["Items"])
    assert hashlib.sha256(given["ticket"].encode()).hexdigest() in kept
    assert given["ticket"] not in kept
    with Live(user, given["ticket"]) as live:
        assert live.ask(action="ping") == {"action": "pong"}
        for refused in (given["ticket"], "", "x" * 43):
            with pytest.raises(Refused):
                Live(user, refused)
    platform.post("/api/realtime/tickets").expect(401)


def test_only_one_s_own_and_what_is_everybody_s_can_be_listened_to(
    platform: Platform, user: User
) -> None:
    other = User(platform)
    with Live(user) as live:
        for channel, code in (
            (f"user:{other.user_id}", "CHANNEL_FORBIDDEN"),
            ("odds:sr:match:1", "CHANNEL_UNKNOWN"),
            ("everything", "CHANNEL_UNKNOWN"),
        ):
            error = live.ask(action="subscribe", channel=channel)["error"]
            assert (error["code"], error["pointer"]) == (code, "/channel")
        gig = f"gig_{uuid.uuid4().hex}"
        live.subscribed(f"gig:{gig}").subscribed(f"gig:{gig}").subscribed("user")
        made = boost("gig", gig, 30)
        deliver(platform, "fan-out", made)
        seen = live.told("gig_boost")
        assert (seen["channel"], seen["data"]["amount"]) == (f"gig:{gig}", 30)
        assert "userId" not in seen["data"]
        # Once unsubscribed, nothing more of it is heard.
        gone = live.ask(action="unsubscribe", channel=f"gig:{gig}")
        assert gone == {"action": "unsubscribed", "channel": f"gig:{gig}"}
        deliver(platform, "fan-out", boost("gig", gig, 31))
        other.funded(5)
        user.funded(5)
        assert live.told("wallet.credited")["data"]["user_id"] == user.user_id
        assert live.waits("boost") == live.waits("wallet") == []


def test_whatever_a_client_sends_is_answered(user: User) -> None:
    with Live(user) as live:
        for text, code in (
            ("not json", "MESSAGE_MALFORMED"),
            ("{}", "MESSAGE_MALFORMED"),
            ('{"action":"dance"}', "ACTION_UNKNOWN"),
            ('{"action":"subscribe"}', "MESSAGE_MALFORMED"),
            ('{"action":"subscribe","channel":"user","more":1}', "MESSAGE_MALFORMED"),
            ('{"action":"ping","x":"' + "a" * 2000 + '"}', "MESSAGE_TOO_LARGE"),
        ):
            live.send(text)
            assert live.answer()["error"]["code"] == code, text
        # Who names a route that is the gateway's own neither connects nor disconnects by it.
        for route in ("$connect", "$disconnect"):
            live.send(json.dumps({"action": route}))
        live.subscribed("user")
        assert live.ask(action="ping") == {"action": "pong"}


def test_a_connection_that_is_gone_is_forgotten_with_its_subscriptions(
    platform: Platform, user: User
) -> None:
    gig = f"gig_{uuid.uuid4().hex}"
    shards = [f"channel#gig:{gig}#{shard}" for shard in range(4)]

    def subscribers() -> list[str]:
        return [row["sk"]["S"] for one in shards for row in rows(platform, "ConnectionsTable", one)]

    with Live(user) as live:
        live.subscribed(f"gig:{gig}")
        (connection,) = subscribers()
    eventually(subscribers, lambda found: found == [])
    assert rows(platform, "ConnectionsTable", f"connection#{connection}") == []

    # One that nobody was told of is found when something is sent to it.
    with Live(user) as live:
        live.subscribed(f"gig:{gig}")
        stale = f"stale{uuid.uuid4().hex[:8]}"
        tables, name = connections(platform)
        far = {"expires": {"N": "9999999999"}}
        shard = shards[sum(stale.encode()) % 256 % 4]
        for pk, sk in (
            (f"connection#{stale}", "connection"),
            (f"connection#{stale}", f"channel#gig:{gig}"),
            (shard, stale),
        ):
            tables.put_item(TableName=name, Item={"pk": {"S": pk}, "sk": {"S": sk}} | far)
        deliver(platform, "fan-out", boost("gig", gig, 30))
        assert live.told("gig_boost")["data"]["amount"] == 30
        eventually(subscribers, lambda found: len(found) == 1 and stale not in found)
        assert rows(platform, "ConnectionsTable", f"connection#{stale}") == []


def test_a_connection_has_a_hundred_subscriptions_at_most(user: User) -> None:
    with Live(user) as live:
        for number in range(100):
            live.subscribed(f"clan:clan_{number}")
        # What it has already, it has.
        live.subscribed("clan:clan_0")
        error = live.ask(action="subscribe", channel="user")["error"]
        assert (error["status"], error["code"]) == (422, "TOO_MANY_SUBSCRIPTIONS")
        live.ask(action="unsubscribe", channel="clan:clan_0")
        live.subscribed("user")
