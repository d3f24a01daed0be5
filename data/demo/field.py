"""Calls, meetings, and the notes that salespeople take after them."""

from dataclasses import replace

import numpy as np
import polars as pl

from data.demo.block import Block
from data.demo.drawing import choose
from data.demo.idea import Idea
from data.demo.notes import OBJECTIONS, TONES, write_notes
from data.demo.record import Channel, Clues, Part, Records, clues, known
from features.arrays import BoolArray, FloatArray, IntArray

# Rates a working day, by state of intent.
CALLS_RECEIVED = np.array([0.001, 0.004, 0.012, 0.005, 0.035])
MEETINGS = np.array([0.001, 0.008, 0.06, 0.01, 0.085])
CALLS_MADE = np.full(5, 0.09)  # salespeople call all alike: only the answer tells
REACHED = np.array([0.22, 0.38, 0.5, 0.4, 0.62])

NOTE_AFTER_MEETING, NOTE_AFTER_CALL = 0.8, 0.45
NOTES_END = 0.915  # endings come after
DAY_MINUTES = 13 * 60  # a day's hours, see `frame.py`
LATE_NOTES = 0.12  # the telephone was without network

# Tone of a note, −2 to 2, by state.
TONE = np.array(
    [
        [0.28, 0.36, 0.26, 0.09, 0.01],
        [0.07, 0.22, 0.44, 0.23, 0.04],
        [0.02, 0.1, 0.28, 0.42, 0.18],
        [0.03, 0.13, 0.4, 0.34, 0.1],
        [0.01, 0.04, 0.15, 0.45, 0.35],
    ]
)

# Chance that a note tells each of `OBJECTIONS`, by state.
OBJECTION = np.array(
    [
        [0.36, 0.28, 0.26, 0.26, 0.48, 0.08],
        [0.22, 0.16, 0.16, 0.18, 0.22, 0.09],
        [0.14, 0.08, 0.09, 0.05, 0.06, 0.08],
        [0.1, 0.14, 0.06, 0.3, 0.1, 0.14],
        [0.06, 0.03, 0.03, 0.02, 0.02, 0.03],
    ]
)


def field(rng: np.random.Generator, block: Block) -> tuple[Part, IntArray, IntArray]:
    """The field's part, and the lead and day of each meeting."""
    calls, reached, call_clues = _calls_made(rng, block)
    received = Channel(Idea.CALLS, CALLS_RECEIVED, block.lead_pace)
    where = received.draw(rng, block)
    minutes = rng.integers(2, 25, len(where[0]))
    incoming = _records(rng, block, "call_received", where, minutes)
    channel = Channel(Idea.MEETINGS, MEETINGS, block.person_pace)
    where = channel.draw(rng, block)
    minutes = rng.choice([30, 45, 60, 90], len(where[0]))
    meetings = _records(rng, block, "meeting_held", where, minutes)
    notes, note_clues = _notes(rng, block, meetings, calls, reached)
    told = [
        call_clues,
        _rate_clues(Idea.CALLS, incoming, CALLS_RECEIVED),
        _rate_clues(Idea.MEETINGS, meetings, MEETINGS),
        *note_clues,
    ]
    part = Part([calls, incoming, meetings, notes], told, [received, channel])
    return part, meetings.lead, meetings.day


def _rate_clues(idea: Idea, records: Records, rates: FloatArray) -> Clues:
    return clues(idea, records.lead, records.day, records.day, np.log(rates))


def _records(
    rng: np.random.Generator,
    block: Block,
    kind: str,
    where: tuple[IntArray, IntArray],
    minutes: IntArray,
) -> Records:
    """Calls or meetings of `minutes` each; `where` is lead and day."""
    lead, day = where
    fields = pl.DataFrame({"duration_minutes": minutes})
    if kind == "meeting_held":
        channels = rng.choice(["visio", "sur_place"], len(lead), p=[0.7, 0.3])
        fields = fields.with_columns(
            channel=pl.Series(channels),
            participants=pl.Series(rng.integers(2, 7, len(lead))),
        )
    return Records(
        kind=kind,
        source="crm",
        actor="lead" if kind == "call_received" else "person",
        lead=lead,
        day=day,
        moment=block.moments(rng, lead, day),
        known_day=day,
        fields=fields,
    )


def _calls_made(
    rng: np.random.Generator, block: Block
) -> tuple[Records, BoolArray, Clues]:
    """The calls made, which of them reached someone, and the clues."""
    lead, day = Channel(Idea.CALLS, CALLS_MADE, block.person_pace).draw(rng, block)
    reached = rng.random(len(lead)) < REACHED[block.lives.states[lead, day]]
    minutes = np.where(reached, rng.integers(3, 35, len(lead)), 1)
    calls = _records(rng, block, "call_made", (lead, day), minutes)
    outcome = pl.Series(np.where(reached, "joint", "messagerie"))
    says = np.where(reached[:, None], np.log(REACHED), np.log1p(-REACHED))
    return (
        replace(calls, fields=calls.fields.with_columns(outcome=outcome)),
        reached,
        clues(Idea.CALLS, lead, day, day, says),
    )


def _notes(
    rng: np.random.Generator,
    block: Block,
    meetings: Records,
    calls: Records,
    reached: BoolArray,
) -> tuple[Records, list[Clues]]:
    """Notes taken after some meetings, and some calls that reached someone."""
    noted = np.flatnonzero(rng.random(len(meetings.lead)) < NOTE_AFTER_MEETING)
    after_call = rng.random(len(reached)) < NOTE_AFTER_CALL
    called = np.flatnonzero(reached & after_call)
    lead = np.concatenate([meetings.lead[noted], calls.lead[called]])
    day = np.concatenate([meetings.day[noted], calls.day[called]])
    ended = np.concatenate([_end(meetings)[noted], _end(calls)[called]])
    met = np.repeat([True, False], [len(noted), len(called)])

    states = block.lives.states[lead, day]
    tone = choose(rng, TONE[states])
    objected = rng.random((len(lead), len(OBJECTIONS))) < OBJECTION[states]
    known_day = known(rng, day, LATE_NOTES)
    records = Records(
        kind="note_added",
        source="mobile",
        actor="person",
        lead=lead,
        day=day,
        moment=np.minimum(ended + rng.uniform(0.004, 0.03, len(lead)), NOTES_END),
        known_day=known_day,
        fields=_note_fields(tone, objected, write_notes(rng, met, tone, objected)),
    )
    says = objected @ np.log(OBJECTION).T + ~objected @ np.log1p(-OBJECTION).T
    return records, [
        clues(Idea.TONE, lead, day, known_day, np.log(TONE.T[tone])),
        clues(Idea.OBJECTIONS, lead, day, known_day, says),
    ]


def _end(records: Records) -> FloatArray:
    """The moment each call or meeting ends."""
    minutes = records.fields["duration_minutes"].to_numpy()
    return np.asarray(records.moment + minutes / DAY_MINUTES)


def _note_fields(tone: IntArray, objected: BoolArray, texts: list[str]) -> pl.DataFrame:
    objections = [
        [code for code, told in zip(OBJECTIONS, row, strict=True) if told]
        for row in objected.tolist()
    ]
    return pl.DataFrame(
        {"tone": TONES[tone], "objections": objections, "text": texts},
        schema_overrides={"objections": pl.List(pl.String), "text": pl.String},
    )
