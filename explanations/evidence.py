"""Evidence: what an idea's own signals read, as things that can be taken away."""

from dataclasses import dataclass

from explanations.reason import Evidence
from features.aggregate import evidence
from features.arrays import IntArray
from features.snapshot import Snapshot
from features.timelines import Timelines


@dataclass(frozen=True, slots=True)
class Pieces:
    """Events (positions in the timelines, by time), and of each the field that is
    evidence, NONE for the whole event."""

    events: IntArray
    fields: IntArray

    def told(self, timelines: Timelines) -> tuple[Evidence, ...]:
        """The evidence as people and other systems know it."""
        events, fields = self.events.tolist(), (*timelines.program.fields, None)
        return tuple(
            map(
                Evidence,
                map(timelines.sources.__getitem__, events),
                map(timelines.event_ids.__getitem__, events),
                map(fields.__getitem__, self.fields.tolist()),  # NONE is the last
            )
        )

    def last_at(self, timelines: Timelines) -> int:
        """When the latest of it happened, in microseconds since 1970."""
        return int(timelines.arrays.occurred[self.events[-1]])


@dataclass(frozen=True, slots=True)
class EvidenceOfRows:
    """The evidence of every row and idea."""

    pieces_of: IntArray
    events: IntArray
    fields: IntArray
    n_ideas: int

    def of(self, row: int, idea: int) -> Pieces | None:
        """What an idea (by its position) rests on; None where that is nothing."""
        place = row * self.n_ideas + idea
        start, end = self.pieces_of[place : place + 2].tolist()
        return None if start == end else self.between(start, end)

    def between(self, start: int, end: int) -> Pieces:
        """The pieces from `start` to `end` (exclusive), of one row and idea."""
        return Pieces(self.events[start:end], self.fields[start:end])


def evidence_found(seen: Snapshot) -> EvidenceOfRows:
    """The evidence of every idea that may be told, row by row."""
    pieces = evidence(seen.program.arrays, seen.timelines.arrays, seen.rows)
    return EvidenceOfRows(*pieces, n_ideas=len(seen.program.ideas))
