"""How long a place that is only warm waits until it is looked at again."""
from types import SimpleNamespace

import pytest

from firelang.tracer import heat


@pytest.fixture
def width(monkeypatch):
    """The instructions of a turn that every recording sees."""
    monkeypatch.setattr(heat, "field", lambda name: {"count": 100, "rounds": 1}[name])


def site(**given):
    return SimpleNamespace(**{"turns": 0, "width": 0.0, "since": 0.0} | given)


def test_a_first_recording_starts_the_clock(width):
    place = site()
    assert heat.waits(place, 7.0) == heat.FIRST
    assert (place.since, place.width) == (7.0, 100)


def test_a_hot_place_does_not_wait(width):
    assert heat.waits(site(turns=10_000, width=100.0), 100.0) == 0


@pytest.mark.parametrize("turns", [100, 5000, 6600, 6660, 6666])
def test_a_warm_place_waits_for_longer_than_a_recording_takes(width, monkeypatch, turns):
    """However little is missing: a place would be recorded ever more often otherwise, the nearer it came."""
    monkeypatch.setattr(heat, "sites", {0: site(turns=1 << 20, width=100.0)})
    found = heat.waits(site(turns=turns, width=100.0), 1000.0)
    assert found * 100 * heat.INSTRUCTION_MS >= 0.9 * heat.MEASURABLE_MS
    assert found <= heat.ENOUGH_MS / (100 * heat.INSTRUCTION_MS) + 1


def test_a_place_that_is_all_there_is_waits_for_a_while_only(width):
    place = site(turns=100, width=100.0)
    assert heat.waits(place, heat.ALONE_MS / 2) == 101
    assert heat.waits(place, 1.5 * heat.ALONE_MS) == 0


def test_time_that_is_missing_becomes_turns():
    place = site(turns=2000, width=100.0, since=10.0)
    assert heat.turns_in(50.0, place, 110.0) == 1000
    assert heat.turns_in(0.001, place, 110.0) == int(heat.MEASURABLE_MS / (100 * heat.INSTRUCTION_MS))
    assert heat.turns_in(1e12, place, 110.0) == heat.LONGEST
