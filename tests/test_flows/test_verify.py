"""`quoin verify` on what really happened, and on the same with one thing altered at a time."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from client import Feed, Member, Platform, Shop, User, eventually
from client.command_line import Said, quoin
from ledger import Item, Ledger, chain_hash, edited, text
from local import paths
from stored import wait_until_quiet

LONG_AGO = "2020-01-01T00:00:00.000Z"
# What tests of this file saw a break named.
SHOWN: set[str] = set()


def kinds(said: Said) -> list[str]:
    named = [found["kind"] for found in said.document["breaks"]]
    SHOWN.update(named)
    return named


def verify(platform: Platform, *arguments: str) -> Said:
    """Everything has had time enough: what is not there now never comes."""
    return quoin(platform, "verify", "--stage", "local", "--grace", "0", "--json", *arguments)


@dataclass(frozen=True)
class Scene:
    """Who did what: the latest change of each wallet is what the name says."""

    platform: Platform
    ledger: Ledger
    won: User
    paid: User
    deposited: User
    held: User
    bought: User
    refunded: User
    member: Member
    bet_id: str
    order_id: str

    def wallet(self, user: User, *arguments: str) -> Said:
        return verify(self.platform, "--user", user.user_id, *arguments)


def command(platform: Platform, **fields: Any) -> dict[str, Any]:
    payload = {"operation_id": uuid.uuid4().hex} | fields
    functions = platform.aws("lambda")
    name = platform.outputs["stack"]["WalletCommandFunction"]
    answer = functions.invoke(FunctionName=name, Payload=json.dumps(payload))
    return json.loads(answer["Payload"].read())


@pytest.fixture(scope="module")
def scene(platform: Platform) -> Scene:
    won, paid, deposited, held = (User(platform) for _ in range(4))
    feed, second, third = Feed(platform), Feed(platform), Feed(platform)
    won.funded(100)
    deposited.funded(50).funded(25)
    held.funded(60)
    feed.odds(o1="2", o2="3").expect(204)
    second.odds(o1="1.5").expect(204)
    cancelled = won.bet([second.selection("1.5")], 5).expect(201)["bet_id"]
    won.post(f"/api/bets/{cancelled}/cancel", key=uuid.uuid4().hex).expect(200)
    won.bet([feed.selection("3", "2")], 4).expect(201)
    won.bet([second.selection("1.5")], 1).expect(201)
    third.odds(o1="2").expect(204)
    voided = won.bet([third.selection("2")], 3).expect(201)["bet_id"]
    third.settle(o1='0" void_factor="1').expect(204)
    eventually(lambda: won.get(f"/api/bets/{voided}").expect(200).get("result"), "void".__eq__)
    transfer = {"to_user_id": paid.user_id, "asset": "cash", "amount": "7.50"}
    won.post("/api/wallets/me/transfers", transfer, key="t").expect(201)
    user_id = held.user_id
    money = {"asset": "cash", "amount": 12}
    kept = command(platform, user_id=user_id, command="hold", hold_id="kept", **money)
    assert kept["status"] == 201, kept
    command(platform, user_id=user_id, command="hold", hold_id="part", **money)
    command(platform, user_id=user_id, command="capture", hold_id="part", amount=5)
    adjusted = {"asset": "cash", "amount": "-1.25", "reason": "a test"}
    path, token = f"/api/wallets/{user_id}/adjustments", platform.operator_token()
    platform.post(path, adjusted, token=token, key="a")
    before = won.balance()
    bet_id = won.bet([feed.selection("2")], 10).expect(201)["bet_id"]
    feed.settle(o1="1", o2="0").expect(204)
    eventually(won.balance, lambda now: now == before + 10)
    shop, refusing = Shop(platform), Shop(platform, f"merch_{uuid.uuid4().hex[:12]}_rejects")
    bought, refunded = shop.customer(promo_coins=5, cash=20), refusing.customer(cash=20)
    order_id = shop.order(bought, {shop.product(10): 1}).expect(201)["order_id"]
    refusing.order(refunded, {refusing.product(10): 1}).expect(201)
    eventually(refunded.balance, lambda now: now == 20)
    member = Member(platform)
    member.paid("renew")
    for user in (won, paid, deposited, held, bought, refunded, member):
        wait_until_quiet(platform, user.user_id)
    ledger = Ledger(platform)
    people = (won, paid, deposited, held, bought, refunded)
    return Scene(platform, ledger, *people, member=member, bet_id=bet_id, order_id=order_id)


def test_what_happened_adds_up(scene: Scene) -> None:
    said = verify(scene.platform)
    assert said.code == 0, said.out + said.err
    checked = said.document["checked"]
    assert checked["wallets"] >= 4 and checked["items"] > checked["wallets"]
    cash = checked["assets"]["cash"]
    assert round(cash["available"] + sum(cash["accounts"].values()), 9) == 0
    assert cash["accounts"]["transfers"] == 0
    table = quoin(scene.platform, "verify", "--stage", "local", "--grace", "0")
    assert table.code == 0 and "no cent is unexplained" in table.out
    assert "payments" in table.out and "a second" not in table.out


def test_one_wallet_adds_up(scene: Scene) -> None:
    people = (scene.won, scene.paid, scene.deposited, scene.held, scene.bought, scene.refunded)
    for user in people:
        said = scene.wallet(user)
        assert said.code == 0, said.out + said.err
        assert said.document["checked"]["wallets"] == 1


def found(said: Said, kind: str, place: str) -> dict[str, str]:
    """The first break, if it is of that kind at that place."""
    assert said.code == 1, said.out + said.err
    first = said.document["breaks"][0]
    SHOWN.add(first["kind"])
    assert (first["kind"], place in first["place"]) == (kind, True), said.out
    assert first["found"] and first["expected"]
    assert not said.document["is_well"]
    return first


def set_to(name: str, value: Any) -> Any:
    def alter(item: Item) -> Item:
        item[name] = value
        return item

    return alter


def a_line(**fields: Any) -> Any:
    return edited("lines", lambda lines: lines[0].update(fields))


def an_event(**fields: Any) -> Any:
    def alter(item: Item) -> Item:
        event = json.loads(item["ev"]["L"][0]["S"])
        event["data"].update(fields)
        item["ev"]["L"][0] = {"S": json.dumps(event)}
        return item

    return alter


# Alterations of the second change of a wallet with three or more, and the name of the break.
OF_A_CHANGE = {
    "version-gap": lambda item: None,
    "sequence-gap": set_to("s0", {"N": "77"}),
    "time-back": set_to("at", {"S": LONG_AGO}),
    "posting": a_line(before=12345),
    "sum": a_line(account="stakes"),
    "event": an_event(amount=12345),
    "chain": set_to("h", {"S": "00"}),
    "unreadable": set_to("cause", {"S": "nobody"}),
}


@pytest.mark.parametrize("kind", OF_A_CHANGE)
def test_an_altered_change_is_found(scene: Scene, kind: str) -> None:
    user = scene.deposited
    key = scene.ledger.change(user.user_id, 2)
    with scene.ledger.altered(scene.ledger.journal, key, OF_A_CHANGE[kind]):
        found(scene.wallet(user), kind, f"wallet#{user.user_id}")
        found(verify(scene.platform), kind, f"wallet#{user.user_id}")
    assert scene.wallet(user).code == 0


def more_cash(assets: dict[str, Any]) -> None:
    assets["cash"]["available"] += 1


def more_held(holds: dict[str, Any]) -> None:
    holds["kept"]["amount"] += 1


OF_A_WALLET = {
    "head": set_to("h", {"S": "00"}),
    "balance": edited("assets", more_cash),
    "hold": edited("holds", more_held),
    "unreadable": set_to("schema", {"N": "99"}),
}


def test_packed_texts_that_are_damaged_are_found_and_keep_nothing_else_from_being_looked_at(
    scene: Scene,
) -> None:
    ledger, user = scene.ledger, scene.deposited
    key = ledger.change(user.user_id, 2)
    texts = ("st", "ans", "lines", "after", "cause", "ev", "pub")

    def damaged(item: Item) -> Item:
        kept = {name: value for name, value in item.items() if name not in texts}
        return kept | {"z": {"B": b"no texts"}}

    with ledger.altered(ledger.journal, key, damaged):
        found(scene.wallet(user), "unreadable", f"wallet#{user.user_id} 2")
        whole = verify(scene.platform, "--all")
        found(whole, "unreadable", f"wallet#{user.user_id} 2")
        assert whole.document["checked"]["items"] > 100
    assert scene.wallet(user).code == 0


@pytest.mark.parametrize("kind", OF_A_WALLET)
def test_an_altered_wallet_is_found(scene: Scene, kind: str) -> None:
    user = scene.held
    key = {"pk": {"S": user.user_id}}
    with scene.ledger.altered(scene.ledger.wallets, key, OF_A_WALLET[kind]):
        found(scene.wallet(user), kind, user.user_id)
    assert scene.wallet(user).code == 0


def test_a_wallet_without_a_stream_and_a_stream_without_a_wallet_are_found(scene: Scene) -> None:
    ledger, user_id = scene.ledger, scene.paid.user_id
    with ledger.altered(ledger.wallets, {"pk": {"S": user_id}}, lambda item: None):
        found(scene.wallet(scene.paid), "missing-wallet", f"wallet#{user_id}")
        # Nobody leads to it any more but the journal, and the money it got has no other side.
        assert {"missing-wallet", "sum"} <= set(kinds(verify(scene.platform, "--all")))
    (first,) = [item for item in ledger.changes(user_id) if item["sk"]["N"] == "1"]
    rest = ledger.changes(user_id)[1:]
    for item in rest:
        ledger.tables.delete_item(TableName=ledger.journal, Key={k: item[k] for k in ("pk", "sk")})
    try:
        with ledger.altered(ledger.journal, {k: first[k] for k in ("pk", "sk")}, lambda item: None):
            found(scene.wallet(scene.paid), "missing-journal", user_id)
    finally:
        for item in rest:
            ledger.tables.put_item(TableName=ledger.journal, Item=item)
    assert scene.wallet(scene.paid).code == 0


def test_a_credit_that_follows_from_nothing_is_found(scene: Scene) -> None:
    ledger, user_id = scene.ledger, scene.won.user_id
    causes = [json.loads(item["cause"]["S"]) for item in ledger.changes(user_id)]
    bonus = next(cause["id"] for cause in causes if cause["type"] == "bonus")
    key = {"pk": {"S": f"op#bonus#{bonus}"}, "sk": {"N": "1"}}
    with ledger.altered(ledger.journal, key, lambda item: None):
        found(scene.wallet(scene.won), "cause", f"wallet#{user_id}")
    assert scene.wallet(scene.won).code == 0


def test_money_that_agrees_with_everything_but_its_cause_is_found(scene: Scene) -> None:
    """Postings, events, balances and hashes are forged alike: only the cause knows better."""
    for user, kind in ((scene.won, "bet"), (scene.deposited, "deposit"), (scene.paid, "transfer")):
        with scene.ledger.credited_more(user.user_id, "0.01"):
            found(scene.wallet(user), kind, f"wallet#{user.user_id}")
            if kind == "transfer":
                assert kinds(verify(scene.platform, "--all")) == ["transfer", "sum"]
        assert scene.wallet(user).code == 0


def test_credits_other_than_were_bought_are_found(scene: Scene) -> None:
    user = User(scene.platform).funded(10)
    bought = user.credits(10).expect(201)["eventId"]
    wait_until_quiet(scene.platform, user.user_id)

    def told_more(item: Item) -> Item:
        event = json.loads(item["ev"]["L"][0]["S"], parse_float=Decimal)
        event["data"]["amount"] += 1
        item["ev"]["L"][0] = {"S": text(event)}
        return item

    key = {"pk": {"S": f"purchase#{bought}"}, "sk": {"N": "1"}}
    with scene.ledger.altered(scene.ledger.journal, key, told_more):
        found(scene.wallet(user), "credits", f"wallet#{user.user_id}")
    assert scene.wallet(user).code == 0


def test_a_refund_of_more_than_was_paid_is_found(scene: Scene) -> None:
    """The wallet, its hashes and what the order tells of the refund agree; the payment does not."""
    user = scene.refunded
    with scene.ledger.refunded_more(user.user_id, "0.01"):
        found(scene.wallet(user), "order", f"wallet#{user.user_id}")
        found(verify(scene.platform), "order", f"wallet#{user.user_id}")
    assert scene.wallet(user).code == 0


def test_a_forged_chain_is_the_same_as_a_true_one(scene: Scene) -> None:
    """What the forgery above rests on."""
    for item in scene.ledger.changes(scene.won.user_id):
        assert chain_hash(item, scene.won.user_id) == item["h"]["S"]


def test_a_payout_that_never_came_is_found(scene: Scene) -> None:
    """The bet says that it was settled once more, for a cent, and nothing in the wallet does."""
    ledger, pk = scene.ledger, f"bet#{scene.bet_id}"
    settled = next(
        item
        for item in ledger.stream(pk)
        if any('"BetSettled"' in text["S"] for text in item.get("ev", {"L": []})["L"])
    )
    key = {name: settled[name] for name in ("pk", "sk")}
    with ledger.altered(ledger.journal, key, an_event(payout_delta=20.01)):
        found(scene.wallet(scene.won), "bet", f"wallet#{scene.won.user_id}")
    assert scene.wallet(scene.won).code == 0


def test_a_payment_that_an_order_tells_otherwise_is_found(scene: Scene) -> None:
    """The order says that it was paid a coin more than the wallet was debited."""
    ledger = scene.ledger

    def more(item: Item) -> Item:
        told = item["ev"]["L"]
        event = json.loads(told[-1]["S"])
        assert event["event"] == "order.paid"
        event["data"]["payment_breakdown"][0]["amount"] += 1
        told[-1] = {"S": json.dumps(event)}
        return item

    key = {"pk": {"S": f"order#{scene.order_id}"}, "sk": {"N": "1"}}
    with ledger.altered(ledger.journal, key, more):
        found(scene.wallet(scene.bought), "order", f"wallet#{scene.bought.user_id}")
        found(verify(scene.platform), "order", f"wallet#{scene.bought.user_id}")
    assert scene.wallet(scene.bought).code == 0


def test_an_order_that_stands_still_is_found(scene: Scene) -> None:
    ledger, pk = scene.ledger, f"order#{scene.order_id}"
    last = [item for item in ledger.stream(pk) if "st" in item][-1]
    key = {name: last[name] for name in ("pk", "sk")}
    waiting = edited("st", lambda state: state.update(status="paid", placed_at=LONG_AGO))
    with ledger.altered(ledger.journal, key, waiting):
        found(verify(scene.platform), "open-saga", pk)
    assert verify(scene.platform).code == 0


def last_of(ledger: Ledger, pk: str) -> dict[str, Any]:
    """The key of the item that says how an entity stands."""
    last = [item for item in ledger.stream(pk) if "st" in item][-1]
    return {name: last[name] for name in ("pk", "sk")}


def test_a_members_saga_or_payment_that_stands_still_is_found(scene: Scene) -> None:
    ledger, member = scene.ledger, scene.member
    charge = f"charge#{member.payment_id}"
    saga = "saga#" + json.loads(ledger.stream(charge)[-1]["st"]["S"])["saga_id"]
    for pk, standing in (
        (charge, {"status": "initiated", "initiated_at": LONG_AGO}),
        (saga, {"status": "paying", "begun_at": LONG_AGO}),
    ):
        still = edited("st", lambda state, standing=standing: state.update(standing))
        with ledger.altered(ledger.journal, last_of(ledger, pk), still):
            found(verify(scene.platform), "open-saga", pk)
    key = {"pk": {"S": f"erasure#{member.user_id}"}, "sk": {"N": "1"}}
    state = json.dumps({"status": "waiting", "requested_at": LONG_AGO})
    item = key | {"s0": {"N": "1"}, "n": {"N": "0"}, "at": {"S": LONG_AGO}, "st": {"S": state}}
    with ledger.altered(ledger.journal, key, lambda _: item):
        found(verify(scene.platform), "open-saga", key["pk"]["S"])
    assert verify(scene.platform).code == 0


def test_a_member_who_is_not_what_the_events_make_is_found(scene: Scene) -> None:
    ledger, member = scene.ledger, scene.member
    for pk, other in (
        (f"subscription#{member.subscription_id}", {"plan": "yearly"}),
        (f"customer#{member.customer_id}", {"language": "xx"}),
    ):
        alter = edited("st", lambda state, other=other: state.update(other))
        with ledger.altered(ledger.journal, last_of(ledger, pk), alter):
            found(verify(scene.platform), "state", pk)
    assert verify(scene.platform).code == 0


def test_a_subscription_that_nobody_charges_is_found(scene: Scene) -> None:
    """Its state agrees with its events: both have the next charge long ago."""
    ledger, pk = scene.ledger, f"subscription#{scene.member.subscription_id}"

    def long_ago(item: Item) -> Item:
        event = json.loads(item["ev"]["L"][-1]["S"], parse_float=Decimal)
        event["data"]["period_end"] = LONG_AGO
        item["ev"]["L"][-1] = {"S": text(event)}
        return edited("st", lambda s: s.update(period_end=LONG_AGO, next_charge_at=LONG_AGO))(item)

    with ledger.altered(ledger.journal, last_of(ledger, pk), long_ago):
        found(verify(scene.platform), "overdue-charge", pk)
    assert verify(scene.platform).code == 0


def test_a_payment_without_its_period_and_a_period_without_its_payment_are_found(
    scene: Scene,
) -> None:
    ledger, member = scene.ledger, scene.member
    charge, subscription = f"charge#{member.payment_id}", f"subscription#{member.subscription_id}"

    def untold(item: Item) -> Item:
        # The item stays as it is but for its event, which is then of no payment.
        event = json.loads(item["ev"]["L"][-1]["S"], parse_float=Decimal)
        event["data"]["payment_id"] = "pay_another"
        item["ev"]["L"][-1] = {"S": text(event)}
        return item

    with ledger.altered(ledger.journal, last_of(ledger, charge), untold):
        said = verify(scene.platform, "--all")
        assert set(kinds(said)) == {"subscription-payment"}, said.out
        assert {one["place"] for one in said.document["breaks"]} == {charge, subscription}
    first = {"pk": {"S": subscription}, "sk": {"N": "1"}}
    with ledger.altered(ledger.journal, first, untold):
        said = verify(scene.platform, "--all")
        assert set(kinds(said)) == {"subscription-payment"}, said.out
        assert {one["place"] for one in said.document["breaks"]} == {charge, subscription}
    assert verify(scene.platform).code == 0


def test_streams_that_no_wallet_leads_to_are_followed(scene: Scene) -> None:
    ledger = scene.ledger
    key = {"pk": {"S": f"user#{scene.won.user_id}"}, "sk": {"N": "1"}}
    for alter, kind in (
        (set_to("sk", {"N": "9"}), "version-gap"),
        (set_to("s0", {"N": "9"}), "sequence-gap"),
    ):
        item = alter(ledger.item(ledger.journal, key))
        moved = {name: item[name] for name in ("pk", "sk")}
        with (
            ledger.altered(ledger.journal, key, lambda item: None),
            ledger.altered(ledger.journal, moved, lambda _, item=item: item),
        ):
            found(verify(scene.platform), kind, f"user#{scene.won.user_id}")


def test_an_event_that_was_never_published_is_found(scene: Scene) -> None:
    ledger = scene.ledger
    key = {"pk": {"S": f"audit#bet#{scene.bet_id}"}, "sk": {"S": f"{1:012}"}}
    with ledger.altered(ledger.reporting, key, lambda item: None):
        found(verify(scene.platform), "unpublished", f"bet#{scene.bet_id} event 1")
    own = ledger.changes(scene.won.user_id)[0]
    assert own["n"]["N"] == "1"
    key = {"pk": {"S": f"audit#wallet#{scene.won.user_id}"}, "sk": {"S": f"{1:012}"}}
    with ledger.altered(ledger.reporting, key, lambda item: None):
        found(scene.wallet(scene.won), "unpublished", f"wallet#{scene.won.user_id} event 1")


def test_a_payment_that_nobody_looks_at_is_found(scene: Scene) -> None:
    key = {"pk": {"S": "open#0"}, "sk": {"S": "pay_forgotten"}}
    with scene.ledger.altered(scene.ledger.payment, key, set_to("at", {"S": LONG_AGO})):
        found(verify(scene.platform), "open-saga", "payment#pay_forgotten")
    assert verify(scene.platform).code == 0


def test_use_and_access_are_told_from_breaks(scene: Scene) -> None:
    platform = scene.platform
    for said, reason in (
        (quoin(platform, "verify", "--stage", "nowhere"), "there is no table quoin-nowhere-"),
        (quoin(platform, "verify", "--stages"), "unexpected argument"),
        (quoin(platform, "verify", "--stage", "local", "--user", "nobody"), "no wallet of nobody"),
        (quoin(platform, "verify", "--stage", "local", AWS_ACCESS_KEY_ID=""), "AWS_ACCESS_KEY_ID"),
        (quoin(platform, "verify", "--table", "journal"), "must be <which>=<name>"),
    ):
        assert (said.code, said.out) == (2, "") and reason in said.err, said
    assert quoin(platform, "verify", "--help").code == 0


def run_verifier(platform: Platform) -> dict[str, Any]:
    name = f"quoin-{platform.outputs['stage']}-verifier"
    answer = platform.aws("lambda").invoke(FunctionName=name, Payload=b"{}")
    payload = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, payload
    return payload


def drifts() -> Iterator[int]:
    """What the function's log lines say of each invocation, oldest first."""
    for log in paths.LOGS.glob("*verifier*"):
        for line in log.read_text().splitlines():
            if '"Drift"' in line:
                yield json.loads(line[line.index("{") :])["Drift"]


def test_the_scheduled_function_counts_breaks_and_reads_what_is_new(scene: Scene) -> None:
    first = run_verifier(scene.platform)
    assert (first["breaks"], first["is_whole"]) == (0, True)
    second = run_verifier(scene.platform)
    assert (second["breaks"], second["items"]) == (0, 0)
    assert second["wallets"] == first["wallets"]
    key = {"pk": {"S": scene.held.user_id}}
    with scene.ledger.altered(scene.ledger.wallets, key, OF_A_WALLET["balance"]):
        # Nothing is forgotten as long as it is not mended.
        for _ in range(2):
            assert run_verifier(scene.platform)["breaks"] == 1
    scene.held.login()  # a token is good for a quarter of an hour
    scene.held.funded(3)
    mended = run_verifier(scene.platform)
    assert mended["breaks"] == 0 and 0 < mended["items"] <= 2
    eventually(lambda: list(drifts())[-5:], lambda seen: seen == [0, 0, 1, 1, 0])


def test_every_kind_of_break_was_shown(scene: Scene, request: pytest.FixtureRequest) -> None:
    """The command's own list of what it may find, against what the tests above saw it find."""
    said = quoin(scene.platform, "verify", "--help").out
    listed = said.split("Breaks:")[1].split()
    assert len(listed) == len(set(listed)) > 0
    asked_for = {item.function for item in request.session.items if item.path == request.path}
    if not {one for name, one in globals().items() if name.startswith("test_")} <= asked_for:
        pytest.skip("only some of the tests were asked for")
    assert set(listed) == SHOWN
