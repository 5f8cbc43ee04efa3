"""Plays a profile's mix of orders at a fraction of its rate: what came of it, how long it took.

    python -m benchmarks.drive --seconds 30 --fraction 0.1

Against the stack whose outputs are in `.local/outputs.json` (`make up`), or in the file that
QUOIN_OUTPUTS names. Orders are asked for at their moments whether or not those before are answered,
and an answer's time counts from the moment it was due: a platform that falls behind shows it. This
says what a stack does, not how fast the platform is.
"""

from __future__ import annotations

import argparse
import math
import os
import random
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from client import Answer, Platform, Shop, User
from local import paths

from benchmarks import load

CREATED = "created"
PRICE = 10
WORKERS = 32
# Setting people up is no part of the load; the local stack hashes passwords slowly.
SETTING_UP = 4
SETTLING_SECONDS = 60
STEPS = [
    "order.validation_completed",
    "order.paid",
    "bizone.order_created",
    "order.created",
    "order.confirmation_sent",
]


def plan(profile: load.Profile, count: int, seed: int) -> list[str]:
    """What is to become of so many orders, in the order in which they are asked for: as the profile
    has it, and each refusal once at least where there are orders enough."""
    names = [CREATED, *profile.refused]
    weights = [profile.created, *profile.refused.values()]
    chance = random.Random(seed)
    first = names if count >= len(names) else names[:count]
    wanted = [*first, *chance.choices(names, weights, k=count - len(first))]
    chance.shuffle(wanted)
    return wanted


def percentile(values: Iterable[float], share: float) -> float | None:
    """The value that so much of `values` is not above (nearest rank); None of nothing."""
    ranked = sorted(values)
    return ranked[math.ceil(share * len(ranked)) - 1] if ranked else None


@dataclass
class Asked:
    """One order: what was to become of it, and what did."""

    wanted: str
    outcome: str
    answer_ms: float
    order_id: str | None = None
    steps_ms: dict[str, float] = field(default_factory=dict)


def steps(timeline: dict[str, Any]) -> dict[str, float]:
    """Milliseconds from each step of an order to the next one of `STEPS`."""
    at: dict[str, float] = {}
    for item in timeline["items"]:
        moment = datetime.fromisoformat(item["timestamp"]).timestamp() * 1000
        at.setdefault(item["event"], moment)
    before, found = at.get("order.validation_started"), {}
    for step in STEPS:
        if step in at and before is not None:
            found[step] = at[step] - before
            before = at[step]
    return found


class Market:
    """The merchants and people that each kind of order needs."""

    def __init__(self, platform: Platform, payment: list[str]) -> None:
        self.platform, self.payment = platform, payment
        self.open = Shop(platform)
        self.bread = self.open.product(PRICE * len(payment), stock=1_000_000)
        self.none_left = self.open.product(PRICE, stock=0)
        self.dear = Shop(platform, min_order_value=1_000_000)
        self.dear_bread = self.dear.product(PRICE)
        self.closed = Shop(platform, active=False)
        self.closed_bread = self.closed.product(PRICE)

    def prepare(self, wanted: str) -> Callable[[], Answer]:
        """Sets up who asks, and gives what asks."""
        user = User(self.platform)
        if wanted != "KYC_REQUIRED":
            self.open.verify(user)
        if wanted not in ("KYC_REQUIRED", "WALLET_INSUFFICIENT_BALANCE"):
            for asset in self.payment:
                self.open.give(user, asset, PRICE)
        shop, product, changes = self.open, self.bread, {}
        if wanted == "MIN_ORDER_VALUE":
            shop, product = self.dear, self.dear_bread
        elif wanted == "MERCHANT_INACTIVE":
            shop, product = self.closed, self.closed_bread
        elif wanted == "OUT_OF_STOCK":
            product = self.none_left
        elif wanted == "DELIVERY_ZONE":
            elsewhere = {"line1": "1 Street", "city": "Town", "pincode": "999999"}
            changes["delivery"] = {"address": elsewhere}
        elif wanted == "CAMPAIGN_NOT_ELIGIBLE":
            changes["campaign_code"] = "NOSUCH"
        key = uuid.uuid4().hex
        return lambda: shop.order(user, {product: 1}, key=key, **changes)


class Progress:
    """One line on a terminal, now and then; nothing where there is none."""

    def __init__(self, what: str, count: int) -> None:
        self.what, self.count, self.done = what, count, 0
        self.lock = threading.Lock()

    def step(self) -> None:
        with self.lock:
            self.done += 1
            if sys.stderr.isatty():
                filled = 30 * self.done // max(1, self.count)
                bar = "█" * filled + "·" * (30 - filled)
                print(f"\r{self.what:<16} {bar} {self.done}/{self.count}", end="", file=sys.stderr)
                if self.done == self.count:
                    print(file=sys.stderr)


def ask(wanted: str, order: Callable[[], Answer], due: float) -> Asked:
    """Waits for the moment, asks, and says what came of it."""
    time.sleep(max(0.0, due - time.monotonic()))
    answer = order()
    took = (time.monotonic() - due) * 1000
    body = answer.body if isinstance(answer.body, dict) else {}
    if answer.status == 201:
        return Asked(wanted, CREATED, took, body["order_id"])
    return Asked(wanted, str(body.get("code", answer.status)), took)


def follow(platform: Platform, token: str, asked: Asked, stop: float) -> None:
    """Waits until an order's owner was told, or no longer than `stop`, and takes its times."""
    while asked.order_id:
        timeline = platform.get(f"/api/orders/{asked.order_id}/timeline", token=token)
        if timeline.status == 200:
            asked.steps_ms = steps(timeline.body)
            if STEPS[-1] in asked.steps_ms:
                return
        if time.monotonic() > stop:
            return
        time.sleep(0.5)


def drive(
    platform: Platform, profile: load.Profile, seconds: int, fraction: float, seed: int
) -> list[Asked]:
    """Plays the mix for so long, at that part of the profile's average rate."""
    rate = float(profile.orders_per_second()) * fraction
    wanted = plan(profile, max(1, round(rate * seconds)), seed)
    market = Market(platform, profile.payment)
    preparing = Progress("setting up", len(wanted))

    def prepared(one: str) -> Callable[[], Answer]:
        order = market.prepare(one)
        preparing.step()
        return order

    with ThreadPoolExecutor(SETTING_UP) as pool:
        orders = list(pool.map(prepared, wanted))
    asking = Progress("asking", len(wanted))
    begin = time.monotonic()

    def played(index: int) -> Asked:
        asked = ask(wanted[index], orders[index], begin + index / rate)
        asking.step()
        return asked

    with ThreadPoolExecutor(WORKERS) as pool:
        found = list(pool.map(played, range(len(wanted))))
    following = Progress("following", len(found))
    token, stop = platform.operator_token(), time.monotonic() + SETTLING_SECONDS

    def followed(asked: Asked) -> None:
        follow(platform, token, asked, stop)
        following.step()

    with ThreadPoolExecutor(SETTING_UP) as pool:
        list(pool.map(followed, found))
    return found


def table(found: list[Asked]) -> str:
    """What came of the orders, and how long their steps took."""
    wanted, came = Counter(one.wanted for one in found), Counter(one.outcome for one in found)
    lines = [f"{'outcome':<30}{'wanted':>8}{'orders':>8}"]
    for name in sorted(wanted | came, key=lambda name: (name != CREATED, name)):
        lines.append(f"{name:<30}{wanted[name]:>8}{came[name]:>8}")
    lines.append(f"{'in all':<30}{len(found):>8}{len(found):>8}")
    lines += ["", f"{'step':<30}{'times':>8}{'p50 ms':>9}{'p95 ms':>9}"]
    spans = [("answer", [one.answer_ms for one in found])]
    spans += [
        (step, [one.steps_ms[step] for one in found if step in one.steps_ms]) for step in STEPS
    ]
    for name, values in spans:
        p50, p95 = (percentile(values, share) for share in (0.5, 0.95))
        shown = [f"{value:>9.0f}" if value is not None else f"{'-':>9}" for value in (p50, p95)]
        lines.append(f"{name:<30}{len(values):>8}" + "".join(shown))
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--profile", default="orders")
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--fraction", type=float, default=0.1, help="of the profile's average rate")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    outputs = Path(os.environ.get("QUOIN_OUTPUTS", paths.OUTPUTS))
    if not outputs.exists():
        print(f"there is no {outputs}: `make up` first", file=sys.stderr)
        return 2
    profile = load.read(options.profile)
    found = drive(
        Platform.from_file(outputs), profile, options.seconds, options.fraction, options.seed
    )
    print(table(found))
    # An order that became something else than it was to be is worth a look.
    return int(any(one.wanted != one.outcome for one in found))


if __name__ == "__main__":
    sys.exit(main())
