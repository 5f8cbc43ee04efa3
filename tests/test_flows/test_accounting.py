"""The general ledger follows the wallets, to the cent, and says what it cannot explain."""

from __future__ import annotations

import json
import uuid
from collections import defaultdict
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from client import Feed, Platform, Stall, User, eventually
from deliver import deliver, event, moment
from test_providers import dead_letters


@pytest.fixture(scope="module")
def operator(platform: Platform) -> str:
    return platform.operator_token()


def trial_balance(platform: Platform, operator: str, as_of: str = "") -> dict[str, Any]:
    """Accounts by asset and name; every asset has to sum to zero."""
    query = f"?as_of={as_of}" if as_of else ""
    body = platform.get(f"/api/gl/trial-balance{query}", token=operator).expect(200)
    for asset in body["assets"]:
        assert asset["sum"] == 0 and asset["debit"] == asset["credit"], asset
    return {
        asset["asset"]: {account["account"]: account for account in asset["accounts"]}
        for asset in body["assets"]
    }


def entries(platform: Platform, operator: str, account: str, asset: str = "cash") -> list[Any]:
    """All entries of an account today."""
    day = datetime.now(UTC).date().isoformat()
    path, found, cursor = f"/api/gl/entries?account={account}&asset={asset}&day={day}", [], ""
    while True:
        page = platform.get(f"{path}&limit=100{cursor}", token=operator).expect(200)
        found += page["items"]
        if not page["next_cursor"]:
            return found
        cursor = f"&cursor={page['next_cursor']}"


def wallets(platform: Platform) -> dict[str, Decimal]:
    """What all wallets hold together, held parts included."""
    tables = platform.aws("dynamodb")
    (name,) = [name for name in tables.list_tables()["TableNames"] if "-WalletsTable" in name]
    sums: dict[str, Decimal] = defaultdict(Decimal)
    scan = tables.get_paginator("scan").paginate(TableName=name, ConsistentRead=True)
    for item in (item for page in scan for item in page["Items"]):
        for asset, balance in json.loads(item["assets"]["S"], parse_float=Decimal).items():
            sums[asset] += Decimal(balance["available"]) + Decimal(balance.get("held", 0))
    return {asset: total for asset, total in sums.items() if total}


def booked(platform: Platform, operator: str) -> dict[str, Decimal]:
    """What the ledger says that all wallets hold."""
    assets = trial_balance(platform, operator).items()
    owed = {asset: -Decimal(of["user_wallets"]["balance"]) for asset, of in assets}
    return {asset: total for asset, total in owed.items() if total}


def test_the_ledger_owes_what_wallets_hold(
    platform: Platform, operator: str, user: User, feed: Feed
) -> None:
    user.funded("100.25")
    feed.odds(o1="2.5").expect(204)
    user.bet([feed.selection("2.5")], "10.15").expect(201)
    feed.settle(o1="1").expect(204)
    eventually(user.balance, lambda cash: cash > 100)
    eventually(
        lambda: (booked(platform, operator), wallets(platform)), lambda both: both[0] == both[1]
    )

    own = {entry["transaction_id"]: entry for entry in user.entries() if entry["asset"] == "cash"}
    found = {
        entry["entry_id"]: entry
        for entry in entries(platform, operator, "user_wallets")
        if entry["user_id"] == user.user_id
    }
    assert found.keys() == own.keys()
    legs = {entry["transaction_type"]: entry["legs"] for entry in found.values()}
    assert legs["credit_deposit"] == [leg("payments", "user_wallets", "100.25")]
    assert legs["debit_bet_stake"] == [leg("user_wallets", "stakes", "10.15")]
    assert legs["credit_bet_payout"] == [leg("payouts", "user_wallets", "25.38")]
    stakes = {entry["entry_id"] for entry in entries(platform, operator, "stakes")}
    assert {entry["entry_id"] for entry in found.values()} & stakes == {
        one for one, entry in found.items() if entry["transaction_type"] == "debit_bet_stake"
    }


def leg(debit: str, credit: str, amount: str, asset: str = "cash") -> dict[str, Any]:
    return {"debit": debit, "credit": credit, "asset": asset, "amount": Decimal(amount)}


def test_before_the_first_entry_there_is_nothing(platform: Platform, operator: str) -> None:
    assert trial_balance(platform, operator, "2020-02-29") == {}
    path = "/api/gl/trial-balance?as_of=2026-02-30"
    platform.get(path, token=operator).problem(400, "DATE_INVALID")


def test_an_entry_is_made_once_and_a_refund_takes_it_back(
    platform: Platform, operator: str
) -> None:
    order, user_id = f"order_{uuid.uuid4().hex}", f"user_{uuid.uuid4().hex}"
    before = trial_balance(platform, operator)
    place = ("order", order)
    related = {"type": "order", "id": order}
    posting = {"user_id": user_id, "amount": 7, "coin_type": "credits", "related_entity": related}
    txn = f"txn_{uuid.uuid4().hex[:24]}"
    debited = event("wallet.debited", moment(), place, transaction_id=txn, **posting)
    part = {"type": "credits", "amount": 7, "transaction_id": txn}
    paid = event(
        "order.paid", moment(), place, order_id=order, user_id=user_id, amount=7,
        payment_breakdown=[part],
    )  # fmt: skip
    back = event(
        "wallet.refunded", moment(), place, user_id=user_id, original_order_id=order,
        refund_breakdown=[{"coin_type": "credits", "amount": 7}], total_refunded=7,
    )  # fmt: skip
    deliver(platform, "gl-postings", back, paid, back, debited, paid, debited)

    def of_order() -> list[Any]:
        clearing = entries(platform, operator, "order_clearing", "credits")
        return [entry for entry in clearing if entry["related_entity"] == related]

    found = eventually(of_order, lambda found: len(found) == 3)
    assert sorted(entry["event"] for entry in found) == [
        "order.paid", "wallet.debited", "wallet.refunded",
    ]  # fmt: skip
    assert all("misposted" not in entry for entry in found)
    after = trial_balance(platform, operator)
    for account in ("user_wallets", "order_clearing", "order_revenue"):
        was = before.get("credits", {}).get(account, {"balance": 0, "debit": 0})
        assert after["credits"][account]["balance"] == was["balance"]
    assert (
        after["credits"]["order_revenue"]["debit"]
        == 7 + before.get("credits", {}).get("order_revenue", {"debit": 0})["debit"]
    )


def test_what_does_not_fit_is_in_suspense_and_what_means_nothing_is_parked(
    platform: Platform, operator: str
) -> None:
    user_id, bet = f"user_{uuid.uuid4().hex}", f"bet_{uuid.uuid4().hex}"
    related = {"type": "order", "id": bet}
    common = {"user_id": user_id, "amount": 3, "coin_type": "credits", "related_entity": related}
    # An order's debit in the stream of a bet, and its opposite: together they move nothing.
    wrong = [
        event(
            name, moment(), ("bet", bet), transaction_id=f"txn_{uuid.uuid4().hex[:24]}",
            transaction_type=kind, **common,
        )
        for name, kind in [
            ("wallet.debited", "debit_order_payment"), ("wallet.credited", "credit_order_refund"),
        ]
    ]  # fmt: skip
    unknown = event("wallet.debited", moment(), transaction_type="debit_gift", user_id=user_id)
    deliver(platform, "gl-postings", *wrong, unknown)
    found = eventually(
        lambda: [
            entry
            for entry in entries(platform, operator, "suspense", "credits")
            if entry["user_id"] == user_id
        ],
        lambda found: len(found) == 2,
    )
    assert sorted(entry["misposted"] for entry in found) == [
        "credit_order_refund is no event of its own",
        "debit_order_payment in the stream of a bet",
    ]
    parked = eventually(
        lambda: [m for m in dead_letters(platform, "gl-postings") if user_id in m["Body"]]
    )
    attributes = {k: v["StringValue"] for k, v in parked[0]["MessageAttributes"].items()}
    assert (attributes["class"], attributes["attempts"]) == ("poison", "1")
    assert "debit_gift" in attributes["reason"]
    trial_balance(platform, operator)


def test_questions_that_make_no_sense(platform: Platform, operator: str, user: User) -> None:
    good = {"account": "stakes", "asset": "cash", "day": "2026-01-04"}
    for member, value, code in [
        ("account", "petty_cash", "ACCOUNT_UNKNOWN"),
        ("account", "", "ACCOUNT_UNKNOWN"),
        ("asset", "gold", "ASSET_UNKNOWN"),
        ("day", "04/01/2026", "DATE_INVALID"),
    ]:
        query = "&".join(f"{name}={text}" for name, text in (good | {member: value}).items())
        problem = platform.get(f"/api/gl/entries?{query}", token=operator).problem(400, code)
        assert problem["errors"][0]["pointer"] == f"/{member}"
    user.get("/api/gl/trial-balance").problem(403, "FORBIDDEN")
    user.get("/api/gl/entries?account=stakes&asset=cash&day=2026-01-04").problem(403, "FORBIDDEN")


def test_a_paid_order_is_revenue_and_nothing_stays_in_clearing(
    platform: Platform, operator: str
) -> None:
    shop = Stall(platform, price="33.33")
    customer = shop.shopper()
    order = shop.buy(customer, 3).expect(201)["order_id"]

    def of_order() -> list[Any]:
        clearing = entries(platform, operator, "order_clearing")
        return [entry for entry in clearing if entry["related_entity"]["id"] == order]

    found = eventually(of_order, lambda found: len(found) == 2)
    legs = {entry["event"]: entry["legs"] for entry in found}
    assert legs["wallet.debited"] == [leg("user_wallets", "order_clearing", "99.99")]
    assert legs["order.paid"] == [leg("order_clearing", "order_revenue", "99.99")]
    eventually(
        lambda: (booked(platform, operator), wallets(platform)), lambda both: both[0] == both[1]
    )
