"""Stages of the pipeline, from the first contact on, and the quotes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from data.demo.block import Block
from data.demo.idea import Idea
from data.demo.intent import LIFE_DAYS, Intent
from data.demo.mail import Mails
from data.demo.record import Channel, Clues, Part, Records, clues
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
    contact = (mails.lead[first], mails.day[first])
    moment = mails.moment[first] + 0.002
    records = [
        moves(contact, moment, NEW, CONTACTED, automated[first]),
        *_forward(rng, block, moved, deals),
    ]
    return Part(records, _clues(block, moved), channels), stage, deals


def _walk(
    rng: np.random.Generator, block: Block, contacted: IntArray
) -> tuple[IntArray, dict[int, tuple[IntArray, IntArray]], list[Channel]]:
    """Stage at the end, lead and day of each arrival by stage, and the channels."""
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
    moved = {}
    for start in MOVES:
        lead, then = np.nonzero((at_stage == start) & (after == start + 1))
        moved[start + 1] = (lead, then)
    channels = [
        Channel(Idea.STAGE, by_state, block.person_pace * (at_stage == start))
        for start, by_state in MOVES.items()
    ]
    return stage, moved, channels


def _clues(block: Block, moved: dict[int, tuple[IntArray, IntArray]]) -> list[Clues]:
    return [
        clues(
            Idea.STAGE,
            lead,
            day,
            day,
            np.log(np.expm1(MOVES[to - 1] * block.person_pace[lead, day][:, None])),
        )
        for to, (lead, day) in moved.items()
    ]


def _forward(
    rng: np.random.Generator,
    block: Block,
    moved: dict[int, tuple[IntArray, IntArray]],
    deals: Deals,
) -> list[Records]:
    records = []
    for to, (lead, day) in moved.items():
        machine = MACHINE_QUALIFIES[block.profiles.automated[lead].astype(np.int64)]
        automated = (rng.random(len(lead)) < machine) & (to == QUALIFIED)
        moment = block.moments(rng, lead, day)
        records.append(moves((lead, day), moment, to - 1, to, automated))
        if to == PROPOSED:
            records.append(quotes(deals, (lead, day), moment - 0.002))
    return records


def moves(
    where: tuple[IntArray, IntArray],
    moment: FloatArray,
    start: int | IntArray,
    to: int | IntArray,
    automated: BoolArray,
) -> Records:
    """Moves of stage; `where` is lead and day, the rest (moves,) or one for all."""
    names = np.array(STAGES)
    fields = {
        "from": names[np.broadcast_to(start, len(moment))],
        "to": names[np.broadcast_to(to, len(moment))],
    }
    return in_crm("stage_changed", where, moment, fields, automated)


def quotes(
    deals: Deals, where: tuple[IntArray, IntArray], moment: FloatArray
) -> Records:
    """Quotes sent; `where` is lead and day."""
    fields = {
        "amount": deals.amount[where[0]],
        "discount_percent": deals.discount[where[0]],
    }
    return in_crm("quote_sent", where, moment, fields)


def in_crm(
    kind: str,
    where: tuple[IntArray, IntArray],
    moment: FloatArray,
    fields: Mapping[str, Any],
    automated: BoolArray | None = None,
) -> Records:
    """What a person, unless `automated`, enters in the CRM on the day itself."""
    return Records(
        kind=kind,
        source="crm",
        actor="person" if automated is None else automated,
        lead=where[0],
        day=where[1],
        moment=moment,
        known_day=where[1],
        fields=pl.DataFrame(fields),
    )


def _deals(rng: np.random.Generator, block: Block) -> Deals:
    """By headcount, with a log-normal spread."""
    headcount, leads = block.profiles.headcount, len(block.lead_ids)
    amount = 220 * headcount**0.75 * rng.lognormal(0, 0.35, leads)
    discount = rng.choice(DISCOUNTS, leads, p=DISCOUNT_SHARES)
    return Deals(np.round(amount, -2).astype(np.int64) + 900, discount)
