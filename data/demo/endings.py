"""How leads end, and what the CRM is told after a sale."""

import numpy as np

from data.demo.block import Block
from data.demo.intent import LIFE_DAYS
from data.demo.profile import SECTORS
from data.demo.record import Records
from data.demo.stages import (
    CONTACTED,
    LOST,
    PROPOSED,
    WON,
    Deals,
    in_crm,
    moves,
    quotes,
)
from features.arrays import IntArray

REASONS = ("prix", "concurrent", "budget", "sans_suite", "besoin_disparu")
REASON_SHARES = (0.2, 0.18, 0.2, 0.27, 0.15)
CONTRACTS = ("annuel", "trois_ans", "mensuel")
BETWEEN_MOVES = 0.003  # of a day's hours


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
    day = block.lives.closed_day[lead]
    moment = rng.uniform(0.93, 0.985, len(lead))
    records = []
    for to in range(CONTACTED, WON + 1):
        behind = stage[lead] < to
        where = (lead[behind], day[behind])
        then = moment[behind] - BETWEEN_MOVES * (WON + 1 - to)
        records.append(moves(where, then, to - 1, to, behind[behind] & False))
        if to == PROPOSED:
            records.append(quotes(deals, where, then - BETWEEN_MOVES / 2))
    paid = deals.amount[lead] * (100 - deals.discount[lead]) // 100
    return [*records, in_crm("won", (lead, day), moment, {"amount": paid})]


def _losses(rng: np.random.Generator, block: Block, stage: IntArray) -> list[Records]:
    lead = np.flatnonzero(~block.lives.won)
    day = _working(block, lead, block.lives.closed_day[lead])
    moment = rng.uniform(0.93, 0.985, len(lead))
    reason = rng.choice(REASONS, len(lead), p=REASON_SHARES)
    reason = np.where(block.lives.closed_day[lead] == LIFE_DAYS, "sans_suite", reason)
    people = np.zeros(len(lead), dtype=np.bool_)
    return [
        moves((lead, day), moment - BETWEEN_MOVES, stage[lead], LOST, people),
        in_crm("lost", (lead, day), moment, {"reason": reason}),
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
    where = (lead, _working(block, lead, day))
    return in_crm("attributes_set", where, moment, fields)


def _working(block: Block, lead: IntArray, day: IntArray) -> IntArray:
    """The first day from `day` on that people work, counted from entry."""
    entry = block.entry_day[lead]
    return np.asarray(block.time.next_working[entry + day] - entry)
