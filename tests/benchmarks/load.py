"""Profiles of load: what a day and its busy minutes bring. Data in `load/`, held to add up."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).with_name("load")
DAY_SECONDS = 24 * 60 * 60
# What `outcomes` are counted in.
ASKED = 10_000


class ProfileError(Exception):
    """A profile whose figures do not add up."""


@dataclass(frozen=True)
class Profile:
    """The load of a day of orders."""

    factor: int
    per_day: dict[str, int]  # events by name
    peak_factor: int
    peak_seconds: int
    created: int  # of ASKED
    refused: dict[str, int]  # of ASKED, by reason
    payment: list[str]  # the assets that pay an order

    def orders_per_second(self, *, at_peak: bool = False) -> Decimal:
        """Orders that are asked for in a second, on average or when it is busiest."""
        average = Decimal(self.per_day["order.validation_started"]) / DAY_SECONDS
        return average * self.peak_factor if at_peak else average


def rate(per_day: int) -> Decimal:
    """Events of an average second, with three decimals."""
    return (Decimal(per_day) / DAY_SECONDS).quantize(Decimal("0.001"), ROUND_HALF_UP)


def read(name: str) -> Profile:
    """The profile `name`, or an error that says what does not add up."""
    document: dict[str, Any] = yaml.safe_load((FOLDER / f"{name}.yaml").read_text())
    events, outcomes = document["events"], document["outcomes"]
    for event, figures in events.items():
        if rate(figures["per_day"]) != Decimal(str(figures["per_second"])):
            raise ProfileError(f"{name}: {event} is {rate(figures['per_day'])} a second")
    profile = Profile(
        factor=document["factor"],
        per_day={event: figures["per_day"] for event, figures in events.items()},
        peak_factor=document["peak"]["factor"],
        peak_seconds=document["peak"]["seconds"],
        created=outcomes["created"],
        refused=outcomes["refused"],
        payment=document["payment"],
    )
    _check(name, profile)
    return profile


def _check(name: str, profile: Profile) -> None:
    day, scale = profile.per_day, Decimal(profile.per_day["order.validation_started"]) / ASKED
    of_wallet = profile.refused["WALLET_INSUFFICIENT_BALANCE"]
    by_rules = sum(profile.refused.values()) - of_wallet
    wanted = {
        "order.created": profile.created * scale,
        "order.failed": sum(profile.refused.values()) * scale,
        "order.validation_completed": (ASKED - by_rules) * scale,
        "order.initiated": (ASKED - by_rules - of_wallet) * scale,
        "order.paid": day["order.initiated"],
        "bizone.order_created": day["order.initiated"],
        "wallet.debit_started": day["order.initiated"],
        "wallet.debited": day["order.paid"] * len(profile.payment),
    }
    wrong = {event: count for event, count in wanted.items() if day[event] != count}
    if wrong or profile.created + sum(profile.refused.values()) != ASKED:
        raise ProfileError(f"{name}: the outcomes make {wrong or 'not all orders'}")
