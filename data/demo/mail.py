"""Mail: what is sent, opened, clicked and answered, and how fast."""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from data.demo.block import DAY_ENDS, Block, open_days
from data.demo.drawing import choose
from data.demo.intent import LIFE_DAYS, STATES
from data.demo.record import (
    LATE_DAYS,
    LATE_SHARE,
    Channel,
    Clues,
    Idea,
    Occurrences,
    Part,
    Records,
    clues,
    known,
)
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

# Log-normal latency, in working days of the lead's clock. Large leads are often
# slow, the more so when they mean to buy: many hands touch the answer.
MEDIAN_LATENCY = np.array([2.4, 1.7, 0.4, 1.2, 0.3])
SLOW_MEDIAN = 3.2
SLOW_SHARE = np.array(
    [
        [0.05, 0.05, 0.05, 0.1, 0.05],
        [0.1, 0.1, 0.15, 0.25, 0.15],
        [0.15, 0.25, 0.6, 0.75, 0.6],
    ]
)
SPREAD, SLOW_SPREAD = 1.0, 0.55  # of the logarithm


@dataclass(frozen=True, slots=True)
class Mails(Occurrences):
    """All mails sent, (mails,) each, by day.

    `clock` is the instant of sending on `WorkingTime.lead_clock`. For a mail not
    answered, `latency` is NaN and `reply_day` and `reply_known_day` are NEVER.
    """

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
    asking = Channel(Idea.LEAVING, UNSUBSCRIBES, block.lead_pace).draw(rng, block)
    last_day = np.full(len(block.lead_ids), LIFE_DAYS)
    np.minimum.at(last_day, asking.lead, asking.day)
    channel = Channel(Idea.LEAVING, UNSUBSCRIBES, block.lead_pace * open_days(last_day))
    leaving = Occurrences.same_day(
        *np.nonzero(np.arange(LIFE_DAYS) == last_day[:, None])
    )
    mails = _send(rng, block, np.minimum(last_day, block.lives.closed_day))
    share = AUTOMATED_SHARE[block.profiles.automated.astype(np.int64)]
    automated = rng.random(len(mails)) < share[mails.lead]
    opened, clicked, told = _engagement(rng, block, mails)
    left = rng.uniform(DAY_ENDS, 0.95, len(leaving))
    part = Part(
        [
            _sent(mails, automated),
            Records("mail", "unsubscribed", "lead", leaving, left),
            _answers(rng, mails),
            opened,
            clicked,
        ],
        [*told, clues(Idea.LEAVING, leaving, np.log(UNSUBSCRIBES))],
        [channel],
    )
    return part, mails, automated


def _send(rng: np.random.Generator, block: Block, last_day: IntArray) -> Mails:
    """Send each lead its mails until `last_day`, (leads,), and draw the replies.

    What is sent depends on what was received alone, so that sending tells nothing.
    """
    leads = np.arange(len(last_day))
    replied_day = np.full(len(leads), NEVER)
    day = block.working_day(leads, np.zeros_like(leads))
    sent = []
    for step in range(STEPS):
        lead = np.flatnonzero(day <= np.minimum(last_day, LIFE_DAYS - 1))
        after_reply = (replied_day[lead] < day[lead]).astype(np.int64)
        template = choose(rng, NEXT_TEMPLATE[after_reply]) if step else lead * 0
        mails = _replies(rng, block, lead, day[lead], template, step)
        np.minimum.at(replied_day, lead, mails.reply_known_day)
        sent.append(mails)
        gap = GAPS[min(step, len(GAPS) - 1)] + rng.integers(0, 4, len(leads))
        day = block.working_day(leads, day + gap)
    return Mails.by_day(sent)


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
        known_day=day,
        moment=moment,
        clock=clock,
        step=np.full(len(lead), step),
        template=template,
        latency=np.where(answered, latency, np.nan),
        reply_day=np.where(answered, reply_day, NEVER),
        reply_moment=since,
        reply_known_day=np.where(answered, known(rng, reply_day), NEVER),
    )


def _sent(mails: Mails, automated: BoolArray) -> Records:
    fields = {"template": np.array(TEMPLATES)[mails.template], "step": mails.step + 1}
    return Records("mail", "email_sent", automated, mails, mails.moment, fields)


def _answers(rng: np.random.Generator, mails: Mails) -> Records:
    answered = mails[mails.reply_day < NEVER]
    words = rng.lognormal(3.6, 0.7, len(answered)).astype(np.int64) + 3
    at = Occurrences(answered.lead, answered.reply_day, answered.reply_known_day)
    fields = {"to": np.array(TEMPLATES)[answered.template], "words": words}
    return Records("mail", "email_replied", "lead", at, answered.reply_moment, fields)


def _engagement(
    rng: np.random.Generator, block: Block, mails: Mails
) -> tuple[Records, Records, list[Clues]]:
    """Openings and clicks, both on the day of sending, and the clues."""
    states = block.lives.states[mails.lead, mails.day]
    opened = rng.random(len(states)) < OPENS[states]
    clicked = opened & (rng.random(len(states)) < CLICKS[states])
    opened_at = mails.moment + (0.93 - mails.moment) * rng.beta(1, 3, len(states))
    page = np.array(CLICKED)[rng.integers(0, len(CLICKED), clicked.sum())]
    click_at = opened_at[clicked] + 0.001
    opening = Records("mail", "email_opened", "lead", mails[opened], opened_at[opened])
    says = np.log(OPENS) + np.where(clicked[:, None], np.log(CLICKS), np.log1p(-CLICKS))
    return (
        opening,
        Records(
            "mail", "email_clicked", "lead", mails[clicked], click_at, {"page": page}
        ),
        [
            clues(Idea.MAIL, mails[opened], says[opened]),
            clues(Idea.MAIL, mails[~opened], np.log1p(-OPENS)),
        ],
    )


def reply_clues(block: Block, mails: Mails, known_by: int) -> list[Clues]:
    """What replies received before the day `known_by`, and their absence, tell."""
    is_seen = mails.reply_known_day < known_by
    seen, unseen = mails[is_seen], mails[~is_seen]
    chance = REPLIES[mails.template]
    chance = chance * REPLIES_BY_SIZE[block.profiles.size[mails.lead]][:, None]
    density = latency_density(seen.latency, block.profiles.size[seen.lead])
    missed = np.log1p(-chance[~is_seen] * _received_by(block, unseen, known_by))
    return [
        clues(Idea.REPLIES, seen, np.log(chance[is_seen])),
        clues(Idea.LATENCY, seen, np.log(density)),
        clues(Idea.REPLIES, unseen, missed),
    ]


def _received_by(block: Block, mails: Mails, known_by: int) -> FloatArray:
    """(mails, states): share of replies that would be received before `known_by`."""
    clock, size = block.time.lead_clock, block.profiles.size[mails.lead]
    late = np.arange(LATE_DAYS + 1)
    shares = np.array([1 - LATE_SHARE] + [LATE_SHARE / LATE_DAYS] * LATE_DAYS)
    last = np.minimum(known_by - late, mails.day[:, None] + REPLY_DAYS)
    waited = clock[block.entry_day[mails.lead][:, None] + np.maximum(last, 0)]
    waited = np.maximum(waited - mails.clock[:, None], 1e-9)
    total = np.zeros((len(mails), STATES))
    for column, share in enumerate(shares):
        total += share * latency_reached(waited[:, column], size)
    return total


def draw_latency(
    rng: np.random.Generator, states: IntArray, size: IntArray
) -> FloatArray:
    """A latency a mail, in working days, by state at sending and size of the lead."""
    slow = rng.random(len(states)) < SLOW_SHARE[size, states]
    median = np.where(slow, SLOW_MEDIAN, MEDIAN_LATENCY[states])
    spread = np.where(slow, SLOW_SPREAD, SPREAD)
    return np.asarray(median * np.exp(spread * rng.standard_normal(len(states))))


def latency_reached(waited: FloatArray, size: IntArray) -> FloatArray:
    """(mails, states): the share of latencies below `waited`, (mails,) > 0."""
    logs = np.log(waited)[:, None]
    plain = ndtr((logs - np.log(MEDIAN_LATENCY)) / SPREAD)
    slow = ndtr((logs - np.log(SLOW_MEDIAN)) / SLOW_SPREAD)
    share = SLOW_SHARE[size]
    return np.asarray((1 - share) * plain + share * slow)


def latency_density(latency: FloatArray, size: IntArray) -> FloatArray:
    """(mails, states): density of `latency`, up to a factor of the latency alone."""
    logs = np.log(latency)[:, None]
    plain = np.exp(-0.5 * ((logs - np.log(MEDIAN_LATENCY)) / SPREAD) ** 2) / SPREAD
    far = (logs - np.log(SLOW_MEDIAN)) / SLOW_SPREAD
    slow = np.exp(-0.5 * far**2) / SLOW_SPREAD
    share = SLOW_SHARE[size]
    return np.asarray((1 - share) * plain + share * slow)
