"""Stages of the pipeline from the first contact to the ending, and the quotes."""

from dataclasses import dataclass

import numpy as np

from data.demo.block import Block
from data.demo.intent import LIFE_DAYS, Intent
from data.demo.mail import Mails
from data.demo.profile import SECTORS
from data.demo.record import Channel, Idea, Occurrences, Part, Records, clues
from features.arrays import BoolArray, FloatArray, IntArray

STAGES = (
    "nouveau",
    "contacte",
    "qualifie",
    "proposition",
    "negociation_finale",
    "gagne",
    "perdu",
)
NEW, CONTACTED, QUALIFIED, PROPOSED, NEGOTIATING, WON, LOST = range(len(STAGES))

# Chance a working day of leaving contacte, qualifie and proposition, by state.
MOVES = {
    CONTACTED: np.array([0.005, 0.025, 0.08, 0.04, 0.12]),
    QUALIFIED: np.array([0.002, 0.006, 0.03, 0.025, 0.1]),
    PROPOSED: np.array([0.001, 0.003, 0.015, 0.025, 0.1]),
}
# A machine may qualify, in the automated sequence; it makes no reserved move.
MACHINE_QUALIFIES = np.array([0.05, 0.5])
DISCOUNTS, DISCOUNT_SHARES = np.array([0, 5, 10, 15]), np.array([0.5, 0.25, 0.17, 0.08])

REASONS = ("prix", "concurrent", "budget", "sans_suite", "besoin_disparu")
REASON_SHARES = (0.2, 0.18, 0.2, 0.27, 0.15)
CONTRACTS = ("annuel", "trois_ans", "mensuel")
BETWEEN_MOVES = 0.003  # of a day's hours


@dataclass(frozen=True, slots=True)
class Deals:
    """What each lead would be quoted: euros a year, and percent off; (leads,)."""

    amount: IntArray
    discount: IntArray


def stages(
    rng: np.random.Generator, block: Block, mails: Mails, automated: BoolArray
) -> tuple[Part, IntArray, Deals]:
    """The pipeline's part, the stage each lead reached, and what it is quoted.

    The first mail, by a machine or a person, is the first contact.
    """
    first = np.flatnonzero(mails.step == 0)
    contacted = np.full(len(block.lead_ids), LIFE_DAYS)
    contacted[mails.lead[first]] = mails.day[first]
    stage, moved, channels = _walk(rng, block, contacted)
    deals = _deals(rng, block)
    moment = mails.moment[first] + 0.002
    records = [
        _moves(mails[first], moment, NEW, CONTACTED, automated[first]),
        *_forward(rng, block, moved, deals),
    ]
    told = []
    for to, at in moved.items():
        rates = MOVES[to - 1] * block.person_pace[at.lead, at.day][:, None]
        told.append(clues(Idea.STAGE, at, np.log(np.expm1(rates))))
    return Part(records, told, channels), stage, deals


def _walk(
    rng: np.random.Generator, block: Block, contacted: IntArray
) -> tuple[IntArray, dict[int, Occurrences], list[Channel]]:
    """Stage at the end, the arrivals by stage, and the channels."""
    stage = np.full(len(contacted), NEW)
    at_stage = np.empty((len(contacted), LIFE_DAYS), dtype=np.int64)
    rates = np.zeros((len(STAGES), len(Intent)))
    for start, by_state in MOVES.items():
        rates[start] = by_state
    for day in range(LIFE_DAYS):
        at_stage[:, day] = stage
        rate = rates[stage, block.lives.states[:, day]] * block.person_pace[:, day]
        stage = stage + (rng.random(len(stage)) < -np.expm1(-rate))
        stage[(contacted == day) & (stage == NEW)] = CONTACTED
    after = np.column_stack([at_stage[:, 1:], stage])
    moved = {
        start + 1: Occurrences.same_day(
            *np.nonzero((at_stage == start) & (after == start + 1))
        )
        for start in MOVES
    }
    channels = [
        Channel(Idea.STAGE, by_state, block.person_pace * (at_stage == start))
        for start, by_state in MOVES.items()
    ]
    return stage, moved, channels


def _forward(
    rng: np.random.Generator,
    block: Block,
    moved: dict[int, Occurrences],
    deals: Deals,
) -> list[Records]:
    records = []
    for to, at in moved.items():
        machine = MACHINE_QUALIFIES[block.profiles.automated[at.lead].astype(np.int64)]
        automated = (rng.random(len(at)) < machine) & (to == QUALIFIED)
        moment = block.moments(rng, at.lead, at.day)
        records.append(_moves(at, moment, to - 1, to, automated))
        if to == PROPOSED:
            records.append(_quotes(deals, at, moment - 0.002))
    return records


def endings(
    rng: np.random.Generator, block: Block, stage: IntArray, deals: Deals
) -> list[Records]:
    """The last moves of each lead, all by people, `won` or `lost`, and what follows.

    `stage` is (leads,): the one that each lead had reached.
    """
    return [
        *_sales(rng, block, stage, deals),
        *_losses(rng, block, stage),
        _after_sale(rng, block),
    ]


def _sales(
    rng: np.random.Generator, block: Block, stage: IntArray, deals: Deals
) -> list[Records]:
    lead = np.flatnonzero(block.lives.won)
    sold = Occurrences.same_day(lead, block.lives.closed_day[lead])
    moment = rng.uniform(0.93, 0.985, len(lead))
    records = []
    for to in range(CONTACTED, WON + 1):
        behind = stage[lead] < to
        at, then = sold[behind], moment[behind] - BETWEEN_MOVES * (WON + 1 - to)
        records.append(_moves(at, then, to - 1, to, behind[behind] & False))
        if to == PROPOSED:
            records.append(_quotes(deals, at, then - BETWEEN_MOVES / 2))
    paid = deals.amount[lead] * (100 - deals.discount[lead]) // 100
    return [*records, Records("crm", "won", "person", sold, moment, {"amount": paid})]


def _losses(rng: np.random.Generator, block: Block, stage: IntArray) -> list[Records]:
    lead = np.flatnonzero(~block.lives.won)
    closed_day = block.lives.closed_day[lead]
    at = Occurrences.same_day(lead, block.working_day(lead, closed_day))
    moment = rng.uniform(0.93, 0.985, len(lead))
    reason = rng.choice(REASONS, len(lead), p=REASON_SHARES)
    reason = np.where(closed_day == LIFE_DAYS, "sans_suite", reason)
    people = np.zeros(len(lead), dtype=np.bool_)
    return [
        _moves(at, moment - BETWEEN_MOVES, stage[lead], LOST, people),
        Records("crm", "lost", "person", at, moment, {"reason": reason}),
    ]


def _after_sale(rng: np.random.Generator, block: Block) -> Records:
    """Once sold, the CRM's fields are written over: a trap for whoever reads them
    as if they had been known before."""
    lead = np.flatnonzero(block.lives.won)
    profiles = block.profiles
    headcount = profiles.headcount[lead] * rng.uniform(0.8, 1.4, len(lead))
    day = block.lives.closed_day[lead] + rng.integers(1, 7, len(lead))
    fields = {
        "contract_type": rng.choice(CONTRACTS, len(lead)),
        "headcount": np.maximum(headcount, 3).astype(np.int64),
        "sector": np.array(SECTORS)[profiles.sector[lead]],
    }
    moment = rng.uniform(0.1, 0.8, len(lead))
    at = Occurrences.same_day(lead, block.working_day(lead, day))
    return Records("crm", "attributes_set", "person", at, moment, fields)


def _moves(
    at: Occurrences,
    moment: FloatArray,
    start: int | IntArray,
    to: int | IntArray,
    automated: BoolArray,
) -> Records:
    """Moves of stage; `start` and `to` are (moves,), or one for all."""
    names = np.array(STAGES)
    fields = {
        "from": names[np.broadcast_to(start, len(moment))],
        "to": names[np.broadcast_to(to, len(moment))],
    }
    return Records("crm", "stage_changed", automated, at, moment, fields)


def _quotes(deals: Deals, at: Occurrences, moment: FloatArray) -> Records:
    fields = {
        "amount": deals.amount[at.lead],
        "discount_percent": deals.discount[at.lead],
    }
    return Records("crm", "quote_sent", "person", at, moment, fields)


def _deals(rng: np.random.Generator, block: Block) -> Deals:
    """By headcount, with a log-normal spread."""
    headcount, leads = block.profiles.headcount, len(block.lead_ids)
    amount = 220 * headcount**0.75 * rng.lognormal(0, 0.35, leads)
    discount = rng.choice(DISCOUNTS, leads, p=DISCOUNT_SHARES)
    return Deals(np.round(amount, -2).astype(np.int64) + 900, discount)
