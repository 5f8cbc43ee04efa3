"""The emulator's ceiling in bets, by hand."""

from __future__ import annotations

import pytest

from benchmarks import flow_ceiling


def test_a_bet_takes_what_its_invocations_and_calls_take() -> None:
    found = {flow_ceiling.GATEWAY: 200.0, flow_ceiling.PUT: 400.0}
    # 5 invocations take 25 ms, 10 calls take 25 ms: 20 bets a second.
    asked = {"invocations": 5.0, "table_calls": 10.0}
    assert flow_ceiling.bets(found, asked) == pytest.approx(20.0)
