"""Many bets on one market, and what one bet costs to write."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from math import ceil

from client import Feed, Platform, User, eventually

USERS, BETS_EACH = 8, 8
WRITE_UNITS_MAX = 10


def test_every_bet_of_a_market_is_settled_once(platform: Platform, feed: Feed) -> None:
    with ThreadPoolExecutor(USERS) as pool:
        users = list(pool.map(lambda _: User(platform).funded(BETS_EACH), range(USERS)))
        feed.odds(o1="3", o2="1.5").expect(204)

        def bets(user: User) -> None:
            for _ in range(BETS_EACH):
                user.bet([feed.selection("3")], 1).expect(201)

        list(pool.map(bets, users))
    feed.settle(o1="1", o2="0").expect(204)
    for user in users:
        eventually(user.balance, lambda now: now == 3 * BETS_EACH)
    feed.settle(ts=feed.now() + 1000, o1="0", o2="1").expect(204)
    for user in users:
        eventually(user.balance, lambda now: now == 0)
    payouts = [line for line in users[0].entries() if line["type"] == "credit_bet_payout"]
    corrections = [line for line in users[0].entries() if line["type"] == "debit_bet_correction"]
    assert (len(payouts), len(corrections)) == (BETS_EACH, BETS_EACH)


def size(item: dict[str, dict[str, object]]) -> int:
    """Bytes of an item, as DynamoDB counts texts, numbers and lists of texts."""
    total = 0
    for name, value in item.items():
        ((kind, content),) = value.items()
        total += len(name.encode())
        match kind:
            case "L":
                total += 3 + sum(1 + len(str(text["S"]).encode()) for text in content)
            case "N":
                total += ceil(len(str(content)) / 2) + 1
            case _:
                total += len(str(content).encode())
    return total


def test_a_single_bet_writes_three_items_and_ten_units(
    platform: Platform, user: User, feed: Feed
) -> None:
    user.funded(100)
    feed.odds(o1="2.15").expect(204)
    placed = user.bet([feed.selection("2.15")], 10).expect(201)
    tables = platform.aws("dynamodb")
    names = platform.outputs["stack"]
    version = str(placed["wallet"]["version"])
    journal = names["JournalTable"]
    keys = [
        (journal, {"pk": {"S": f"bet#{placed['bet_id']}"}, "sk": {"N": "1"}}),
        (journal, {"pk": {"S": f"wallet#{user.user_id}"}, "sk": {"N": version}}),
        (names["WalletsTable"], {"pk": {"S": user.user_id}}),
    ]
    items = [tables.get_item(TableName=table, Key=key)["Item"] for table, key in keys]
    units = [2 * ceil(size(item) / 1024) for item in items]
    assert sum(units) <= WRITE_UNITS_MAX, [size(item) for item in items]
