"""Things made ahead: nobody waits, and each is made once at a time."""

import logging
from datetime import timedelta
from threading import Event

import pytest

from serving.ahead import MOST, Ahead, Made
from tests.serving.builders import NOW

HOUR = timedelta(hours=1)


def test_the_first_who_asks_finds_nothing_and_the_next_what_was_made() -> None:
    ahead: Ahead[str] = Ahead(HOUR)
    assert ahead.get("a", NOW, lambda: "one") is None
    ahead.wait()
    found = ahead.get("a", NOW + HOUR / 2, pytest.fail)
    assert found == Made(NOW, "one")


def test_what_is_old_is_still_given_while_another_is_made() -> None:
    ahead: Ahead[str] = Ahead(HOUR)
    ahead.get("a", NOW, lambda: "one")
    ahead.wait()
    assert ahead.get("a", NOW + HOUR, lambda: "two") == Made(NOW, "one")
    ahead.wait()
    found = ahead.get("a", NOW + HOUR, pytest.fail)
    assert found == Made(NOW + HOUR, "two")


def test_what_is_under_way_is_not_begun_again() -> None:
    ahead: Ahead[int] = Ahead(HOUR)
    may_end, begun = Event(), []

    def make() -> int:
        begun.append(1)
        may_end.wait()
        return len(begun)

    for _ in range(3):
        assert ahead.get("a", NOW, make) is None
    may_end.set()
    ahead.wait()
    assert ahead.get("a", NOW, pytest.fail) == Made(NOW, 1)


def test_what_failed_is_told_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    ahead: Ahead[float] = Ahead(HOUR)
    with caplog.at_level(logging.ERROR):
        ahead.get("a", NOW, lambda: 1 / 0)
        ahead.wait()
    assert [one.message for one in caplog.records] == ["making_failed"]
    ahead.get("a", NOW, lambda: 1.0)
    ahead.wait()
    assert ahead.get("a", NOW, pytest.fail) == Made(NOW, 1.0)


def test_the_oldest_is_forgotten() -> None:
    ahead: Ahead[int] = Ahead(HOUR)
    for key in range(MOST + 1):
        ahead.get(key, NOW, lambda: 0)
        ahead.wait()
    assert ahead.get(MOST, NOW, pytest.fail) == Made(NOW, 0)
    assert ahead.get(0, NOW, lambda: 1) is None
    ahead.wait()
