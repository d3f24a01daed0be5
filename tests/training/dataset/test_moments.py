from datetime import datetime, timedelta

import pytest

from features.event import Event
from features.log import Log
from tests.factories import make_event, make_log
from tests.training.builders import day, make_visit_log
from training.dataset.moments import (
    MomentPlan,
    labelled_moments,
    lead_lives,
    log_end,
    weekly_plan,
)
from training.errors import TrainingError

HORIZON = 30.0
AFTER_ONE_DAY = MomentPlan(ages_days=(1.0,))
INSTANT = timedelta(microseconds=1)


def lead(
    lead_id: str,
    *,
    begins: float = 0,
    ends: datetime | None = None,
    kind: str = "won",
    received: datetime | None = None,
) -> list[Event]:
    events = [
        make_event(event_id=f"{lead_id}-1", lead_id=lead_id, occurred_at=day(begins))
    ]
    if ends is not None:
        events.append(
            make_event(
                event_id=f"{lead_id}-2",
                lead_id=lead_id,
                kind=kind,
                occurred_at=ends,
                received_at=received or ends,
            )
        )
    return events


def log_of(*leads: list[Event], until: float = 100) -> Log:
    """These leads, one won and one lost early, in a log that goes on until a day."""
    company = [
        lead("W", ends=day(10)),
        lead("X", ends=day(10), kind="lost"),
        lead("Z", begins=until),
    ]
    return make_log(*(event for one in [*company, *leads] for event in one))


def won_of(log: Log, lead_id: str, **options: object) -> list[bool]:
    labelled = labelled_moments(
        log,
        AFTER_ONE_DAY,
        horizon_days=HORIZON,
        **options,  # type: ignore[arg-type] # options of the test
    )
    frame = labelled.frame
    won: list[bool] = frame.filter(frame["lead_id"] == lead_id)["won"].to_list()
    return won


@pytest.mark.parametrize(
    ("ends", "label"),
    [
        pytest.param(day(1) + INSTANT, [True], id="just after the moment"),
        pytest.param(day(31), [True], id="at the end of the horizon"),
        pytest.param(day(31) + INSTANT, [False], id="just past the horizon"),
        pytest.param(None, [False], id="still open"),
        pytest.param(day(1), [], id="at the moment: no open lead to score"),
        pytest.param(day(0.5), [], id="before the moment"),
    ],
)
def test_a_moment_is_won_within_its_horizon(
    ends: datetime | None, label: list[bool]
) -> None:
    assert won_of(log_of(lead("L", ends=ends)), "L") == label


def test_a_lost_lead_is_not_won() -> None:
    assert won_of(log_of(lead("L", ends=day(5), kind="lost")), "L") == [False]


def test_the_first_outcome_counts() -> None:
    lost_then_won = [
        *lead("L", ends=day(5), kind="lost"),
        make_event(event_id="L-3", lead_id="L", kind="won", occurred_at=day(8)),
    ]
    assert won_of(log_of(lost_then_won), "L") == [False]


def test_kinds_of_outcome_come_from_the_log() -> None:
    events = [
        event
        for one in (
            lead("L", ends=day(5), kind="signed"),
            lead("M", ends=day(5), kind="refused"),
            lead("Z", begins=100),
        )
        for event in one
    ]
    log = make_log(*events, won_kinds=("signed",), lost_kinds=("refused",))
    assert (won_of(log, "L"), won_of(log, "M")) == ([True], [False])


@pytest.mark.parametrize(
    ("begins", "n_moments", "n_censored"),
    [
        pytest.param(69, 1, 0, id="the horizon ends with the log"),
        pytest.param(69.001, 0, 1, id="the horizon ends just past the log"),
        pytest.param(99, 0, 1, id="the moment is the end of the log"),
        pytest.param(99.001, 0, 0, id="the moment is past the log: none to count"),
    ],
)
def test_censored_moments_are_left_out_and_counted(
    begins: float, n_moments: int, n_censored: int
) -> None:
    labelled = labelled_moments(
        log_of(lead("L", begins=begins)), AFTER_ONE_DAY, horizon_days=HORIZON
    )
    assert labelled.frame.filter(labelled.frame["lead_id"] == "L").height == n_moments
    assert labelled.n_censored == n_censored


@pytest.mark.parametrize(
    ("received", "label"),
    [
        pytest.param(day(40), [True], id="by the training date"),
        pytest.param(day(40) + INSTANT, [False], id="just after it: still unknown"),
    ],
)
def test_an_outcome_counts_once_it_was_received(
    received: datetime, label: list[bool]
) -> None:
    log = log_of(lead("L", ends=day(20), received=received))
    assert won_of(log, "L", known_at=day(40)) == label


def test_a_life_is_open_until_its_outcome_is_known() -> None:
    log = log_of(lead("L", ends=day(20), received=day(50)))
    before, after = (
        lead_lives(log, known_at=day(known)).filter(lead_id="L").row(0, named=True)
        for known in (49, 50)
    )
    assert (before["ended_at"], before["won"]) == (None, None)
    assert (after["ended_at"], after["won"]) == (day(20), True)


@pytest.mark.parametrize("kind", ["lead_deleted", "lead_archived", "lead_merged"])
def test_a_removed_lead_is_open_no_more_and_lost_to_nobody(kind: str) -> None:
    gone = lead("L", ends=day(40), kind=kind)
    assert won_of(log_of(gone), "L") == [False]  # its horizon was over by then
    assert won_of(log_of(lead("L", ends=day(20), kind=kind)), "L") == []
    back = make_event(
        event_id="L-3", lead_id="L", kind="lead_restored", occurred_at=day(25)
    )
    restored = won_of(log_of([*lead("L", ends=day(20), kind=kind), back]), "L")
    assert restored == ([] if kind == "lead_merged" else [False])
    won = make_event(event_id="L-4", lead_id="L", kind="won", occurred_at=day(21))
    assert won_of(log_of([*lead("L", ends=day(20), kind=kind), won]), "L") == [True]


def test_the_weights_of_a_lead_add_up_to_one() -> None:
    labelled = labelled_moments(make_visit_log(), weekly_plan(), horizon_days=20)
    totals = labelled.frame.group_by("lead_id").sum()["weight"]
    assert totals.to_list() == pytest.approx([1.0] * totals.len())


def test_key_events_add_a_moment_once_they_are_known() -> None:
    reply = make_event(
        event_id="L-3",
        lead_id="L",
        kind="email_replied",
        occurred_at=day(3),
        received_at=day(4),
    )
    plan = MomentPlan(ages_days=(1.0, 4.0), key_kinds=("email_replied",))
    frame = labelled_moments(
        log_of([*lead("L"), reply]), plan, horizon_days=HORIZON
    ).frame.filter(lead_id="L")
    assert frame["moment"].to_list() == [day(1), day(4)]  # once, though planned twice


def test_the_log_ends_with_what_was_received_last() -> None:
    assert log_end(log_of(lead("L", ends=day(5), received=day(200)))) == day(200)


@pytest.mark.parametrize(
    ("log", "horizon_days", "told"),
    [
        pytest.param(log_of(until=20), 60, "whole horizon", id="horizon too long"),
        pytest.param(
            make_log(*lead("L", ends=day(5), kind="lost"), *lead("Z", begins=100)),
            30,
            "no lead was won",
            id="none won",
        ),
        pytest.param(
            make_log(*lead("L", ends=day(5)), *lead("Z", begins=100)),
            30,
            "every lead was won",
            id="all won",
        ),
    ],
)
def test_a_log_that_teaches_nothing_is_refused(
    log: Log, horizon_days: float, told: str
) -> None:
    with pytest.raises(TrainingError, match=told):
        labelled_moments(log, AFTER_ONE_DAY, horizon_days=horizon_days)
