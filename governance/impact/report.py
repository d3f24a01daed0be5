"""Automation and people: what the log says automation changes. Never by rep."""

from dataclasses import dataclass
from datetime import datetime

import polars as pl

from features.log import Log, last_known_at
from governance.impact.adjustment import Adjusted, adjusted
from governance.impact.cumulative_incidence import Incidence, incidences
from governance.impact.ends import ends_by_assurance
from governance.impact.groups import Closing, Group, closings, grouped
from governance.impact.lead_course import (
    EXPOSURE_DAYS,
    Attributes,
    Level,
    courses,
    exposed,
    followed,
)
from governance.impact.reply_rates import Answers, answers
from governance.people.assurance import Assurance

SEED = 20261125  # of the resamples: the same log gives the same report


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Of the leads that `entered`: whose exposure is known (`exposed`), and of those
    whose end by the horizon is known (`followed`).

    `ended_early` were closed before the exposure was over, `too_young` are not there
    yet, and to `untouched` nothing was sent.
    """

    entered: int
    ended_early: int
    too_young: int
    untouched: int
    exposed: int
    followed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AutomationReport:
    """`adjusted` is None, and lists are empty, where too little is known to tell.

    `ends`: of the leads that entered, how many a person ended by signing here, how many
    by the word of a key that vouches for people, how many nobody known; None: of a
    history.
    """

    since: datetime | None
    until: datetime
    counts: Counts
    levels: tuple[Closing, ...]
    curves: dict[Level, tuple[Incidence, ...]]
    adjusted: Adjusted | None
    groups: tuple[Group, ...]
    answers: tuple[Answers, ...]
    ends: dict[Assurance | None, int]


def automation_report(
    log: Log,
    attributes: Attributes,
    *,
    since: datetime | None = None,
    first_stage: str | None = None,
    seed: int = SEED,
) -> AutomationReport:
    """Of the leads that entered from `since` on, as known at the log's end.

    `first_stage` is where leads stand that haven't moved.
    """
    until = last_known_at(log.events.lazy())
    every = courses(log.events, log.about, attributes, until)
    leads = every if since is None else every.filter(pl.col("entered_at") >= since)
    open_then = exposed(leads)
    complete = followed(open_then, until)
    return AutomationReport(
        since=since,
        until=until,
        counts=_counts(leads, open_then, complete),
        levels=closings(complete, seed),
        curves={
            level: incidences(of_level)
            for level in Level
            for of_level in [open_then.filter(pl.col("level") == level.value)]
            if of_level.height
        },
        adjusted=adjusted(complete, attributes, seed=seed),
        groups=grouped(complete, attributes, first_stage=first_stage, seed=seed),
        answers=answers(log.events, leads, until),
        ends=ends_by_assurance(log.events, log.about, leads["lead_id"]),
    )


def _counts(
    leads: pl.DataFrame, open_then: pl.DataFrame, complete: pl.DataFrame
) -> Counts:
    early = leads.filter(pl.col("days") < EXPOSURE_DAYS)
    ended_early = early["ending"].count()  # those that have one
    return Counts(
        entered=leads.height,
        ended_early=ended_early,
        too_young=early.height - ended_early,
        untouched=leads.height - early.height - open_then.height,
        exposed=open_then.height,
        followed=complete.height,
    )
