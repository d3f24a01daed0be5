"""Calls, meetings, and the notes that salespeople take after them."""

from typing import Any

import numpy as np
import polars as pl

from data.demo.block import Block
from data.demo.company import company
from data.demo.drawing import choose
from data.demo.record import (
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

# Rates a working day, by state of intent.
CALLS_RECEIVED = np.array([0.001, 0.004, 0.012, 0.005, 0.035])
MEETINGS = np.array([0.001, 0.008, 0.06, 0.01, 0.085])
CALLS_MADE = np.full(5, 0.09)  # salespeople call all alike: only the answer tells
REACHED = np.array([0.22, 0.38, 0.5, 0.4, 0.62])

NOTE_AFTER_MEETING, NOTE_AFTER_CALL = 0.8, 0.45
NOTES_END = 0.915  # endings come after
DAY_MINUTES = 13 * 60  # a day's hours, see `frame.py`
LATE_NOTES = 0.12  # the telephone was without network

TONES = np.arange(-2, 3)
OBJECTIONS = ("prix", "delai", "concurrent", "decideur_absent", "budget", "securite")

# Tone of a note, by state.
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


def field(rng: np.random.Generator, block: Block) -> tuple[Part, Occurrences]:
    """The field's part, and its meetings."""
    calls, reached, call_clues = _calls_made(rng, block)
    received = Channel(Idea.CALLS, CALLS_RECEIVED, block.lead_pace)
    at = received.draw(rng, block)
    minutes = {"duration_minutes": rng.integers(2, 25, len(at))}
    incoming = _records(rng, block, "call_received", at, minutes)
    channel = Channel(Idea.MEETINGS, MEETINGS, block.person_pace)
    met = channel.draw(rng, block)
    meetings = _records(rng, block, "meeting_held", met, _meeting_fields(rng, len(met)))
    notes, note_clues = _notes(rng, block, meetings, calls, reached)
    told = [
        call_clues,
        clues(Idea.CALLS, at, np.log(CALLS_RECEIVED)),
        clues(Idea.MEETINGS, met, np.log(MEETINGS)),
        *note_clues,
    ]
    part = Part([calls, incoming, meetings, notes], told, [received, channel])
    return part, met


def _meeting_fields(rng: np.random.Generator, n: int) -> dict[str, Any]:
    return {
        "duration_minutes": rng.choice([30, 45, 60, 90], n),
        "channel": rng.choice(["visio", "sur_place"], n, p=[0.7, 0.3]),
        "participants": rng.integers(2, 7, n),
    }


def _records(
    rng: np.random.Generator,
    block: Block,
    kind: str,
    at: Occurrences,
    fields: dict[str, Any],
) -> Records:
    """Calls or meetings."""
    actor = "lead" if kind == "call_received" else "person"
    moment = block.moments(rng, at.lead, at.day)
    return Records("crm", kind, actor, at, moment, fields)


def _calls_made(
    rng: np.random.Generator, block: Block
) -> tuple[Records, BoolArray, Clues]:
    """The calls made, which of them reached someone, and the clues."""
    at = Channel(Idea.CALLS, CALLS_MADE, block.person_pace).draw(rng, block)
    reached = rng.random(len(at)) < REACHED[block.lives.states[at.lead, at.day]]
    fields = {
        "duration_minutes": np.where(reached, rng.integers(3, 35, len(at)), 1),
        "outcome": np.where(reached, "joint", "messagerie"),
    }
    says = np.where(reached[:, None], np.log(REACHED), np.log1p(-REACHED))
    calls = _records(rng, block, "call_made", at, fields)
    return calls, reached, clues(Idea.CALLS, at, says)


def _notes(
    rng: np.random.Generator,
    block: Block,
    meetings: Records,
    calls: Records,
    reached: BoolArray,
) -> tuple[Records, list[Clues]]:
    """Notes taken after some meetings, and some calls that reached someone."""
    noted = np.flatnonzero(rng.random(len(meetings.at)) < NOTE_AFTER_MEETING)
    after_call = rng.random(len(reached)) < NOTE_AFTER_CALL
    called = np.flatnonzero(reached & after_call)
    lead = np.concatenate([meetings.at.lead[noted], calls.at.lead[called]])
    day = np.concatenate([meetings.at.day[noted], calls.at.day[called]])
    ended = np.concatenate([_end(meetings)[noted], _end(calls)[called]])
    met = np.repeat([True, False], [len(noted), len(called)])

    states = block.lives.states[lead, day]
    tone = choose(rng, TONE[states])
    objected = rng.random((len(lead), len(OBJECTIONS))) < OBJECTION[states]
    at = Occurrences(lead, day, known(rng, day, LATE_NOTES))
    moment = np.minimum(ended + rng.uniform(0.004, 0.03, len(lead)), NOTES_END)
    codes = np.array(OBJECTIONS)
    fields = {
        "tone": TONES[tone],
        "objections": pl.Series(
            [codes[row].tolist() for row in objected], dtype=pl.List(pl.String)
        ),
        "text": _texts(rng, met, tone, objected),
    }
    records = Records("mobile", "note_added", "person", at, moment, fields)
    says = objected @ np.log(OBJECTION).T + ~objected @ np.log1p(-OBJECTION).T
    return records, [
        clues(Idea.TONE, at, np.log(TONE.T[tone])),
        clues(Idea.OBJECTIONS, at, says),
    ]


def _texts(
    rng: np.random.Generator, met: BoolArray, tone: IntArray, objected: BoolArray
) -> list[str]:
    """The text of each note: what it was after, its tone, its objections.

    `met` is (notes,), after a meeting or else a call; `tone` (notes,) positions in
    `TONES`; `objected` (notes, objections).
    """
    words = company()
    reproaches = [words.objections[code] for code in OBJECTIONS]
    opening = rng.integers(0, len(words.after_call), len(tone))
    wording = rng.integers(0, len(words.tones[0]), len(tone))
    objecting = rng.integers(0, len(reproaches[0]), objected.shape)
    texts = []
    for note, level in enumerate(tone):
        begins = words.after_meeting if met[note] else words.after_call
        sentences = [begins[opening[note]], words.tones[level][wording[note]]]
        for code in np.flatnonzero(objected[note]):
            sentences.append(reproaches[code][objecting[note, code]])
        texts.append(" ".join(sentences))
    return texts


def _end(records: Records) -> FloatArray:
    """The moment each call or meeting ends."""
    minutes = records.fields["duration_minutes"]
    return np.asarray(records.moment + minutes / DAY_MINUTES)
