"""What a poller takes of a queue, and when."""

from __future__ import annotations

from local.batches import POLLERS, Window

NOW = 1000.0


def test_what_came_just_now_is_waited_for() -> None:
    window = Window(5)
    assert window.allowed([], 100, NOW) == 0
    assert window.allowed([NOW - 4.9, NOW], 100, NOW) == 0
    assert window.allowed([NOW - 5.0, NOW], 100, NOW) == 1


def test_each_poller_has_gathered_its_share() -> None:
    window, sent = Window(5), [NOW - 5] * 52
    taken = []
    while share := window.allowed(sent, 100, NOW):
        taken.append(len(sent[:share]))
        sent = sent[share:]
    assert taken == [11, 11, 11, 11, 8]
    # A later round has shares of its own.
    assert window.allowed([NOW] * 10, 100, NOW + 5) == 2


def test_whole_batches_do_not_wait() -> None:
    assert Window(5).allowed([NOW] * 25 * POLLERS, 25, NOW) == 25
    assert Window(5).allowed([NOW] * (25 * POLLERS - 1), 25, NOW) == 0
