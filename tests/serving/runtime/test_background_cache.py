"""Things made ahead: nobody waits, and each is made once at a time."""

import logging
from datetime import timedelta
from threading import Event

import pytest

from serving.runtime.background_cache import (
    CAPACITY,
    RETRY_AFTER,
    BackgroundCache,
    Cached,
    Failed,
)
from tests.serving.builders import NOW

HOUR = timedelta(hours=1)


def test_the_first_who_asks_finds_nothing_and_the_next_what_was_made() -> None:
    ahead: BackgroundCache[str] = BackgroundCache(HOUR)
    assert ahead.get("a", NOW, lambda: "one") is None
    ahead.wait()
    found = ahead.get("a", NOW + HOUR / 2, pytest.fail)
    assert found == Cached(NOW, "one")


def test_what_is_old_is_still_given_while_another_is_made() -> None:
    ahead: BackgroundCache[str] = BackgroundCache(HOUR)
    ahead.get("a", NOW, lambda: "one")
    ahead.wait()
    assert ahead.get("a", NOW + HOUR, lambda: "two") == Cached(NOW, "one")
    ahead.wait()
    found = ahead.get("a", NOW + HOUR, pytest.fail)
    assert found == Cached(NOW + HOUR, "two")


def test_what_is_under_way_is_not_begun_again() -> None:
    ahead: BackgroundCache[int] = BackgroundCache(HOUR)
    may_end, begun = Event(), []

    def make() -> int:
        begun.append(1)
        may_end.wait()
        return len(begun)

    for _ in range(3):
        assert ahead.get("a", NOW, make) is None
    may_end.set()
    ahead.wait()
    assert ahead.get("a", NOW, pytest.fail) == Cached(NOW, 1)


def test_what_failed_is_told_and_tried_again_when_asked(
    caplog: pytest.LogCaptureFixture,
) -> None:
    ahead: BackgroundCache[float] = BackgroundCache(HOUR)
    with caplog.at_level(logging.ERROR):
        assert ahead.get("a", NOW, lambda: 1 / 0) is None
        ahead.wait()
    assert [one.message for one in caplog.records] == ["making_failed"]
    assert ahead.get("a", NOW, pytest.fail) == Failed(NOW)
    ahead.retry("a")
    assert ahead.get("a", NOW, lambda: 1.0) is None
    ahead.wait()
    assert ahead.get("a", NOW, pytest.fail) == Cached(NOW, 1.0)


def test_what_failed_is_tried_again_by_itself_after_a_while() -> None:
    ahead: BackgroundCache[float] = BackgroundCache(HOUR)
    ahead.get("a", NOW, lambda: 1 / 0)
    ahead.wait()
    soon, later = NOW + RETRY_AFTER / 2, NOW + RETRY_AFTER
    assert ahead.get("a", soon, pytest.fail) == Failed(NOW)
    assert ahead.get("a", later, lambda: 1.0) is None
    ahead.wait()
    assert ahead.get("a", later, pytest.fail) == Cached(later, 1.0)


def test_what_was_made_is_given_though_the_next_fails() -> None:
    ahead: BackgroundCache[float] = BackgroundCache(HOUR)
    ahead.get("a", NOW, lambda: 1.0)
    ahead.wait()
    ahead.get("a", NOW + HOUR, lambda: 1 / 0)
    ahead.wait()
    assert ahead.get("a", NOW + HOUR, pytest.fail) == Cached(NOW, 1.0)


def test_the_oldest_is_forgotten() -> None:
    ahead: BackgroundCache[int] = BackgroundCache(HOUR)
    for key in range(CAPACITY + 1):
        ahead.get(key, NOW, lambda: 0)
        ahead.wait()
    assert ahead.get(CAPACITY, NOW, pytest.fail) == Cached(NOW, 0)
    assert ahead.get(0, NOW, lambda: 1) is None
    ahead.wait()
