"""The demo makes do with what is there, unless this version can't serve it."""

from collections.abc import Callable

import pytest

from explanations.errors import ModelRejectedError
from serving.demo import command

Raises = Exception | None


def champion_that(error: Raises) -> Callable[[], None]:
    def load() -> None:
        if error is not None:
            raise error

    return load


@pytest.mark.parametrize(
    ("exists", "error", "trained"),
    [
        pytest.param(True, None, False, id="a champion that serves"),
        pytest.param(False, None, True, id="none yet"),
        pytest.param(True, ModelRejectedError("of old"), True, id="one refused"),
    ],
)
def test_the_demo_trains_a_champion_where_it_needs_one(
    monkeypatch: pytest.MonkeyPatch, *, exists: bool, error: Raises, trained: bool
) -> None:
    logs: list[str] = []
    installed: list[str] = []

    def trains(log: str) -> str:
        logs.append(log)
        return "2"

    monkeypatch.setattr("training.registry.registry.has_champion", lambda: exists)
    monkeypatch.setattr(
        "training.promotion.promotion.install",
        lambda version, _, now: installed.append(version),
    )
    monkeypatch.setattr(command, "champion", champion_that(error))
    monkeypatch.setattr(command, "train_model", trains)

    command.ensure_champion()

    assert logs == ([command.DEMO_LOG] if trained else [])
    assert installed == (["2"] if error else [])  # the first needs nobody
