"""The truth beside the demo log: what an exact forward filter knew each week.

The filter is Bayes' rule on the hidden chain. It is told the law that drew the log
(`intent.py`, and the rates of `site.py`, `mail.py`, `field.py` and `pipeline.py`) and
each lead's profile and sequence; of the rest it sees the events received before
the moment. An event not received yet is not taken for an absence: the share of
late events, and of replies still to come, is part of the likelihood.

A driver's share is its Shapley value in that game, to two coalitions: the mean of
what its clues add to nothing, and of what they add to all others, in log odds of
winning. What a channel did not bring in counts among its clues. An unknown source,
sector or sequence is the mean one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from data.demo.block import Block
from data.demo.frame import lead_names
from data.demo.intent import (
    CHANGES,
    HAZARD_RATIO,
    LIFE_DAYS,
    LOSE,
    START,
    STATES,
    WIN,
    Law,
    winning_within,
)
from data.demo.mail import REPLY_DAYS, Mails, reply_clues
from data.demo.profile import (
    SECTOR_FIT,
    SECTOR_SHARES,
    SIZE_FIT,
    SOURCE_FIT,
    SOURCE_SHARES,
    propensity,
)
from data.demo.record import (
    IDEAS,
    LATE_DAYS,
    NUMBER,
    Channel,
    Clues,
    Idea,
    received_share,
)
from features.arrays import BoolArray, FloatArray, IntArray
from features.event import TIME

HORIZON_DAYS = 60
WEEK = 7
UNSETTLED_DAYS = REPLY_DAYS + LATE_DAYS  # what older days hold is all received

# What each run of the filter knows: every idea, none, all but one, one alone.
_ONE = np.eye(len(IDEAS), dtype=np.bool_)
_ALL = np.ones((1, len(IDEAS)), dtype=np.bool_)
KNOWS = np.concatenate([_ALL, ~_ALL, ~_ONE, _ONE])
RUNS = len(KNOWS)
# The runs differ by what they know of the law of winning: (laws, 3) and (RUNS,).
LAWS, LAW_OF = np.unique(
    KNOWS[:, [NUMBER[idea] for idea in (Idea.SOURCE, Idea.PROFILE, Idea.SEQUENCE)]],
    axis=0,
    return_inverse=True,
)

SCHEMA = pl.Schema(
    {
        "lead_id": pl.String(),
        "moment": TIME,
        "p_win": pl.Float64(),
        "won_within_horizon": pl.Boolean(),
        **{f"share_{idea.value}": pl.Float64() for idea in IDEAS},
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that a block's log tells of intent.

    `clues` are those of records but replies, by day; `channels` tell what to expect.
    """

    block: Block
    clues: Clues
    channels: Sequence[Channel]
    mails: Mails


def truth_of(evidence: Evidence, log_days: int) -> pl.DataFrame:
    """One row a lead and week, while it is open and the log lasts; of `SCHEMA`.

    `log_days` is the log's length in days: a horizon that goes past it leaves
    `won_within_horizon` null.
    """
    block = evidence.block
    belief = _beliefs_at_entry(block)
    weeks = []
    for age in range(WEEK, LIFE_DAYS, WEEK):
        settled = max(age - UNSETTLED_DAYS, 0)
        before = max(settled - WEEK, 0)
        lead = np.flatnonzero(
            (block.lives.closed_day >= age) & (block.entry_day + age <= log_days)
        )
        belief[lead] = _follow(evidence, belief[lead], lead, (before, settled), age)
        now = _follow(evidence, belief[lead], lead, (settled, age), age)
        weeks.append((lead, np.full(len(lead), age), now))
    lead, ages, now = (np.concatenate(column) for column in zip(*weeks, strict=True))
    return _table(block, lead, ages, _chances(block, lead, ages, now), log_days)


def _beliefs_at_entry(block: Block) -> FloatArray:
    """(leads, RUNS, states); a run that knows no source starts from the mean one."""
    known = KNOWS[:, NUMBER[Idea.SOURCE], None]
    start = block.laws.start[:, None]
    belief: FloatArray = np.where(known, start, SOURCE_SHARES @ START)
    return belief


def _appeals(block: Block, lead: IntArray) -> FloatArray:
    """(laws, leads): what multiplies the hazard of winning, as each of LAWS says."""
    profiles = block.profiles
    expected = propensity(profiles.source, profiles.headcount)
    known_and_mean = (
        (np.exp(SOURCE_FIT)[profiles.source], SOURCE_SHARES @ np.exp(SOURCE_FIT)),
        (np.exp(SECTOR_FIT)[profiles.sector], SECTOR_SHARES @ np.exp(SECTOR_FIT)),
        (
            np.where(profiles.automated, HAZARD_RATIO, 1.0),
            1 + (HAZARD_RATIO - 1) * expected,
        ),
    )
    appeals = np.exp(SIZE_FIT)[profiles.size] * np.ones((len(LAWS), 1))
    for knows, (known, mean) in zip(LAWS.T, known_and_mean, strict=True):
        appeals *= np.where(knows[:, None], known, mean)
    return np.asarray(appeals[:, lead])


def _follow(
    evidence: Evidence,
    belief: FloatArray,
    lead: IntArray,
    days: tuple[int, int],
    age: int,
) -> FloatArray:
    """Carry beliefs (leads, RUNS, states) over `days`, by what was received by `age`.

    A day: what it showed, that the lead did not end, then the change of state.
    """
    block = evidence.block
    if days[0] == days[1] or not len(lead):
        return belief
    likelihoods = _likelihoods(evidence, lead, days, age)
    changes = CHANGES[block.laws.size[lead]]
    for number, day in enumerate(range(*days)):
        belief = belief * likelihoods[:, number]
        belief /= belief.sum(axis=2, keepdims=True)
        pace = block.lead_pace[lead, day] * block.laws.speed[lead]
        belief = belief + pace[:, None, None] * (belief @ changes)
    return belief


def _likelihoods(
    evidence: Evidence, lead: IntArray, days: tuple[int, int], age: int
) -> FloatArray:
    """(leads, days, RUNS, states): what each day showed by `age`, in each state."""
    block, day = evidence.block, slice(*days)
    alone = np.exp(_log_likelihoods(evidence, lead, days, age))
    together = alone.prod(axis=2, keepdims=True)
    nothing = np.ones_like(together)
    shown = np.concatenate([together, nothing, together / alone, alone], axis=2)
    pace = block.person_pace[lead, day][:, :, None, None]
    appeals = _appeals(block, lead).T[:, None, :, None]
    lasting = 1 - pace * (WIN * appeals + LOSE)
    knows = KNOWS[:, NUMBER[Idea.AGE]]
    shown[:, :, knows] *= lasting[:, :, LAW_OF[knows]]
    return np.asarray(shown)


def _log_likelihoods(
    evidence: Evidence, lead: IntArray, days: tuple[int, int], age: int
) -> FloatArray:
    """(leads, days, ideas, states): the clues of each idea, received before `age`."""
    start, end = days
    place = np.full(len(evidence.block.lead_ids), -1)
    place[lead] = np.arange(len(lead))
    shape = (len(lead), end - start, len(IDEAS), STATES)
    logs = np.zeros(int(np.prod(shape)))
    replies = reply_clues(evidence.block, evidence.mails.during(days), age)
    for part in (evidence.clues.during(days), *replies):
        seen = (part.known_day < age) & (place[part.lead] >= 0)
        row = place[part.lead[seen]] * shape[1] + part.day[seen] - start
        cell = (row * shape[2] + part.idea[seen])[:, None] * STATES + np.arange(STATES)
        logs += np.bincount(cell.ravel(), part.says[seen].ravel(), len(logs))
    by_idea = logs.reshape(shape)
    arrived = received_share(age - np.arange(start, end))
    for channel in evidence.channels:
        due = channel.scale[lead, start:end] * (arrived if channel.late else 1.0)
        by_idea[:, :, NUMBER[channel.idea]] -= due[:, :, None] * channel.rates
    return by_idea


def _chances(
    block: Block, lead: IntArray, age: IntArray, now: FloatArray
) -> FloatArray:
    """(rows, RUNS): the chance of winning within the horizon, as each run believes."""
    chances = np.empty(now.shape[:2])
    for number, appeal in enumerate(_appeals(block, lead)):
        laws = Law(
            start=block.laws.start[lead],
            speed=block.laws.speed[lead],
            appeal=appeal,
            size=block.laws.size[lead],
        )
        worth = winning_within(
            HORIZON_DAYS, laws, block.time, block.entry_day[lead], age
        )
        runs = np.flatnonzero(number == LAW_OF)
        chances[:, runs] = (now[:, runs] * worth[:, None]).sum(axis=2)
    return chances


def _table(
    block: Block, lead: IntArray, age: IntArray, chances: FloatArray, log_days: int
) -> pl.DataFrame:
    log_odds = np.log(chances) - np.log1p(-chances)
    everything, nothing = log_odds[:, :1], log_odds[:, 1:2]
    without, alone = np.split(log_odds[:, 2:], 2, axis=1)
    shares = ((everything - without) + (alone - nothing)) / 2
    day = block.entry_day[lead] + age
    complete: BoolArray = day + HORIZON_DAYS <= log_days
    won = block.lives.won[lead] & (block.lives.closed_day[lead] < age + HORIZON_DAYS)
    first = np.datetime64(block.time.first, "us")
    table = pl.DataFrame(
        {
            "lead_id": lead_names(block.lead_ids)[lead],
            "moment": pl.Series(first + day * np.timedelta64(1, "D")),
            "p_win": chances[:, 0],
            "won_within_horizon": won,
            **{
                f"share_{idea.value}": shares[:, number]
                for number, idea in enumerate(IDEAS)
            },
        }
    )
    return table.with_columns(
        pl.col("moment").dt.replace_time_zone("UTC"),
        pl.when(pl.Series(complete)).then("won_within_horizon"),
    ).sort("lead_id", "moment")
