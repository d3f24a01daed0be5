"""What people decided of a lead, as far as its narrative tells it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from features.event import Event
from governance.judged import judged_at
from governance.judgement import Standing
from serving.service import Service


@dataclass(frozen=True, slots=True)
class Judged:
    """`by_person`: the priority is a person's word, of which another is proposed at
    most. `is_settled`: they have seen to what the score doubts."""

    by_person: bool = False
    is_settled: bool = False

    @property
    def is_told(self) -> bool:
        return self.by_person or self.is_settled


def judged(service: Service, events: Iterable[Event], now: datetime) -> Judged:
    """Of a lead with these events, in any order."""
    known = list(events)
    return Judged(
        by_person=service.judgement.standing(known) is not Standing.NONE,
        is_settled=service.cases.are_settled(judged_at(known), now),
    )
