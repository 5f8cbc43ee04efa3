"""Profiles of load are what they say: multiples of the order flow's own table, and consistent."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from benchmarks import load

# Events of a day, as the order flow has them.
TABLE = {
    "order.validation_started": 10_000,
    "order.validation_completed": 9_500,
    "order.initiated": 9_200,
    "wallet.debit_started": 9_200,
    "wallet.debited": 36_800,
    "order.paid": 9_200,
    "bizone.order_created": 9_200,
    "order.created": 9_200,
    "order.failed": 800,
}


def test_a_day_is_a_hundred_times_the_table() -> None:
    profile = load.read("orders")
    assert profile.factor == 100
    assert profile.per_day == {event: count * profile.factor for event, count in TABLE.items()}


def test_of_ten_thousand_orders_eight_hundred_are_refused() -> None:
    profile = load.read("orders")
    assert profile.created == TABLE["order.created"]
    assert sum(profile.refused.values()) == TABLE["order.failed"]


def test_the_peak_is_so_many_times_the_average() -> None:
    profile = load.read("orders")
    assert round(profile.orders_per_second(), 3) == Decimal("11.574")
    busiest = profile.orders_per_second(at_peak=True)
    assert busiest == profile.orders_per_second() * profile.peak_factor
    of_a_day = busiest * profile.peak_seconds / profile.per_day["order.validation_started"]
    assert of_a_day < Decimal("0.05"), "a peak is no day"


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("events", "order.paid", "per_second"), 10.7),
        (("events", "wallet.debited"), {"per_day": 1000000, "per_second": 11.574}),
        (("outcomes", "created"), 9201),
        (("outcomes", "refused", "OUT_OF_STOCK"), 31),
        (("payment",), ["cash"]),
    ],
)
def test_figures_that_do_not_add_up_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: tuple[str, ...], value: object
) -> None:
    document = yaml.safe_load((load.FOLDER / "orders.yaml").read_text())
    part = document
    for name in place[:-1]:
        part = part[name]
    part[place[-1]] = value
    (tmp_path / "wrong.yaml").write_text(yaml.safe_dump(document))
    monkeypatch.setattr(load, "FOLDER", tmp_path)
    with pytest.raises(load.ProfileError):
        load.read("wrong")
