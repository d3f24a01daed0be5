"""Mail: what is sent, opened, clicked and answered, and how fast."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from data.demo.block import DAY_ENDS, Block, open_days
from data.demo.drawing import choose
from data.demo.idea import Idea
from data.demo.intent import LIFE_DAYS, STATES
from data.demo.latency import draw_latency, latency_density, latency_reached
from data.demo.record import (
    LATE_DAYS,
    LATE_SHARE,
    Channel,
    Clues,
    Part,
    Records,
    clues,
    known,
)
from data.demo.working_time import WorkingTime
from features.arrays import BoolArray, FloatArray, IntArray

TEMPLATES = ("prospection", "relance", "personnel", "invitation")
CLICKED = ("accueil", "produit", "tarifs", "cas_clients")

# Templates after the first mail: before a reply is received, and after.
NEXT_TEMPLATE = np.array([[0.0, 0.64, 0.18, 0.18], [0.0, 0.28, 0.62, 0.1]])
GAPS = np.array([3, 4, 4, 5, 5, 6, 6, 7, 7, 8])  # days from a mail to the next
STEPS = 24  # mails at most

# Share of mails that a machine sends: without and with the automated sequence.
AUTOMATED_SHARE = np.array([0.12, 0.85])

# By state of intent (columns), and template (rows) for replies.
UNSUBSCRIBES = np.array([0.003, 0.0007, 0.0002, 0.0002, 0.0001])  # a working day
OPENS = np.array([0.26, 0.4, 0.52, 0.32, 0.56])
CLICKS = np.array([0.04, 0.12, 0.24, 0.08, 0.25])  # of those opened
REPLIES = np.array(
    [
        [0.03, 0.08, 0.28, 0.07, 0.38],
        [0.03, 0.1, 0.46, 0.09, 0.62],
        [0.06, 0.18, 0.48, 0.16, 0.64],
        [0.02, 0.08, 0.2, 0.05, 0.24],
    ]
)
REPLIES_BY_SIZE = np.array([1.0, 0.95, 0.8])

REPLY_DAYS = 14  # what is not answered within these days never is


@dataclass(frozen=True, slots=True, kw_only=True)
class Mails:
    """All mails sent, (mails,) each, by day.

    `clock` is the instant of sending on `WorkingTime.lead_clock`. For a mail not
    answered, `latency` is NaN and `reply_day` and `reply_known_day` are NEVER.
    """

    lead: IntArray
    day: IntArray
    moment: FloatArray
    clock: FloatArray
    step: IntArray
    template: IntArray
    latency: FloatArray
    reply_day: IntArray
    reply_moment: FloatArray
    reply_known_day: IntArray


NEVER = 10**6


def mail(rng: np.random.Generator, block: Block) -> tuple[Part, Mails, BoolArray]:
    """The mail's part but replies, the mails, and which a machine sent."""
    asking = Channel(Idea.LEAVING, UNSUBSCRIBES, block.lead_pace)
    lead, day = asking.draw(rng, block)
    last_day = np.full(len(block.lead_ids), LIFE_DAYS)
    np.minimum.at(last_day, lead, day)
    asking = Channel(Idea.LEAVING, UNSUBSCRIBES, block.lead_pace * open_days(last_day))
    lead, day = np.nonzero(np.arange(LIFE_DAYS) == last_day[:, None])
    mails = _send(rng, block, np.minimum(last_day, block.lives.closed_day))
    share = AUTOMATED_SHARE[block.profiles.automated.astype(np.int64)]
    automated = rng.random(len(mails.lead)) < share[mails.lead]
    opened, clicked, told = _engagement(rng, block, mails)
    leaving = Records(
        kind="unsubscribed",
        source="mail",
        actor="lead",
        lead=lead,
        day=day,
        moment=rng.uniform(DAY_ENDS, 0.95, len(lead)),
        known_day=day,
    )
    part = Part(
        [_sent(mails, automated), leaving, *_answers(rng, mails), opened, clicked],
        [*told, clues(Idea.LEAVING, lead, day, day, np.log(UNSUBSCRIBES))],
        [asking],
    )
    return part, mails, automated


def _send(rng: np.random.Generator, block: Block, last_day: IntArray) -> Mails:
    """Send each lead its mails until `last_day`, (leads,), and draw the replies.

    What is sent depends on what was received alone, so that sending tells nothing.
    """
    leads = len(last_day)
    replied_day = np.full(leads, NEVER)
    day = _working(block, np.arange(leads), np.zeros(leads, dtype=np.int64))
    sent = []
    for step in range(STEPS):
        lead = np.flatnonzero(day <= np.minimum(last_day, LIFE_DAYS - 1))
        after_reply = (replied_day[lead] < day[lead]).astype(np.int64)
        template = choose(rng, NEXT_TEMPLATE[after_reply]) if step else lead * 0
        mails = _replies(rng, block, lead, day[lead], template, step)
        np.minimum.at(replied_day, lead, mails.reply_known_day)
        sent.append(mails)
        gap = GAPS[min(step, len(GAPS) - 1)] + rng.integers(0, 4, leads)
        day = _working(block, np.arange(leads), day + gap)
    return _by_day(sent)


def _working(block: Block, lead: IntArray, day: IntArray) -> IntArray:
    """The first working day from `day` on, or a day past LIFE_DAYS."""
    entry = block.entry_day[lead]
    return np.where(
        day < LIFE_DAYS,
        block.time.next_working[entry + np.minimum(day, LIFE_DAYS - 1)] - entry,
        day,
    )


def _replies(
    rng: np.random.Generator,
    block: Block,
    lead: IntArray,
    day: IntArray,
    template: IntArray,
    step: int,
) -> Mails:
    """Mails sent to `lead` on `day`, with their replies."""
    time, today = block.time, block.entry_day[lead] + day
    moment = block.moments(rng, lead, day)
    clock = time.lead_clock[today] + time.lead_pace[today] * moment
    states, size = block.lives.states[lead, day], block.profiles.size[lead]
    latency = draw_latency(rng, states, size)
    reply_clock = clock + latency
    reply_today = np.searchsorted(time.lead_clock, reply_clock, side="right") - 1
    reply_day = reply_today - block.entry_day[lead]
    chance = REPLIES[template, states] * REPLIES_BY_SIZE[size]
    answered = rng.random(len(lead)) < chance
    answered &= reply_day < np.minimum(day + REPLY_DAYS, block.lives.closed_day[lead])
    reply_today = np.minimum(reply_today, len(time.lead_pace) - 1)
    since = (reply_clock - time.lead_clock[reply_today]) / time.lead_pace[reply_today]
    return Mails(
        lead=lead,
        day=day,
        moment=moment,
        clock=clock,
        step=np.full(len(lead), step),
        template=template,
        latency=np.where(answered, latency, np.nan),
        reply_day=np.where(answered, reply_day, NEVER),
        reply_moment=since,
        reply_known_day=np.where(answered, known(rng, reply_day), NEVER),
    )


def _by_day(sent: list[Mails]) -> Mails:
    order = np.argsort(np.concatenate([mails.day for mails in sent]), kind="stable")

    def joined(name: str) -> Any:
        return np.concatenate([getattr(mails, name) for mails in sent])[order]

    return Mails(**{name: joined(name) for name in Mails.__slots__})


def _sent(mails: Mails, automated: BoolArray) -> Records:
    fields = pl.DataFrame(
        {"template": np.array(TEMPLATES)[mails.template], "step": mails.step + 1}
    )
    return Records(
        kind="email_sent",
        source="mail",
        actor=automated,
        lead=mails.lead,
        day=mails.day,
        moment=mails.moment,
        known_day=mails.day,
        fields=fields,
    )


def _answers(rng: np.random.Generator, mails: Mails) -> list[Records]:
    answered = mails.reply_day < NEVER
    words = rng.lognormal(3.6, 0.7, answered.sum()).astype(np.int64) + 3
    fields = pl.DataFrame(
        {"to": np.array(TEMPLATES)[mails.template[answered]], "words": words}
    )
    return [
        Records(
            kind="email_replied",
            source="mail",
            actor="lead",
            lead=mails.lead[answered],
            day=mails.reply_day[answered],
            moment=mails.reply_moment[answered],
            known_day=mails.reply_known_day[answered],
            fields=fields,
        )
    ]


def _engagement(
    rng: np.random.Generator, block: Block, mails: Mails
) -> tuple[Records, Records, list[Clues]]:
    """Openings and clicks, both on the day of sending, and the clues."""
    states = block.lives.states[mails.lead, mails.day]
    opened = rng.random(len(states)) < OPENS[states]
    clicked = opened & (rng.random(len(states)) < CLICKS[states])
    opened_at = mails.moment + (0.93 - mails.moment) * rng.beta(1, 3, len(states))
    pages = np.array(CLICKED)[rng.integers(0, len(CLICKED), clicked.sum())]
    says = np.log(OPENS) + np.where(clicked[:, None], np.log(CLICKS), np.log1p(-CLICKS))
    lead, day = mails.lead, mails.day
    return (
        _reading("email_opened", mails, opened, opened_at, pl.DataFrame()),
        _reading(
            "email_clicked",
            mails,
            clicked,
            opened_at + 0.001,
            pl.DataFrame({"page": pages}),
        ),
        [
            clues(Idea.MAIL, lead[opened], day[opened], day[opened], says[opened]),
            clues(
                Idea.MAIL,
                lead[~opened],
                day[~opened],
                day[~opened],
                np.log1p(-OPENS),
            ),
        ],
    )


def _reading(
    kind: str, mails: Mails, read: BoolArray, moment: FloatArray, fields: pl.DataFrame
) -> Records:
    return Records(
        kind=kind,
        source="mail",
        actor="lead",
        lead=mails.lead[read],
        day=mails.day[read],
        moment=moment[read],
        known_day=mails.day[read],
        fields=fields,
    )


def reply_clues(block: Block, mails: Mails, known_by: int) -> list[Clues]:
    """What replies received before the day `known_by`, and their absence, tell."""
    seen = mails.reply_known_day < known_by
    size = block.profiles.size[mails.lead]
    chance = REPLIES[mails.template] * REPLIES_BY_SIZE[size][:, None]
    lead, day, never = mails.lead, mails.day, ~seen
    by_then = _received_by(block.time, block.entry_day, mails, size, known_by, never)
    return [
        clues(Idea.REPLIES, lead[seen], day[seen], day[seen], np.log(chance[seen])),
        clues(
            Idea.LATENCY,
            lead[seen],
            day[seen],
            day[seen],
            np.log(latency_density(mails.latency[seen], size[seen])),
        ),
        clues(
            Idea.REPLIES,
            lead[never],
            day[never],
            day[never],
            np.log1p(-chance[never] * by_then),
        ),
    ]


def _received_by(
    time: WorkingTime,
    entry_day: IntArray,
    mails: Mails,
    size: IntArray,
    known_by: int,
    which: BoolArray,
) -> FloatArray:
    """(mails, states): share of replies that would be received before `known_by`."""
    day, entry = mails.day[which], entry_day[mails.lead[which]]
    late = np.arange(LATE_DAYS + 1)
    shares = np.array([1 - LATE_SHARE] + [LATE_SHARE / LATE_DAYS] * LATE_DAYS)
    last = np.minimum(known_by - late, day[:, None] + REPLY_DAYS)
    waited = time.lead_clock[entry[:, None] + np.maximum(last, 0)]
    waited = np.maximum(waited - mails.clock[which][:, None], 1e-9)
    total = np.zeros((len(day), STATES))
    for column, share in enumerate(shares):
        total += share * latency_reached(waited[:, column], size[which])
    return total
