"""The trace of a lead: what was done, from each effect back to the first fact."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from serving.audit.reasons_given import Words, words_given
from serving.database.engine import Store
from serving.errors import LeadUnknownError
from serving.repositories.audit import Recorded, entries_about
from serving.repositories.events import Fact, facts_of
from serving.repositories.leads import find_lead


@dataclass(frozen=True, slots=True)
class Trace:
    """Entries, the oldest first; the facts of the log that they follow from, by row;
    and the words that people gave with them, by entry."""

    entries: Sequence[Recorded]
    facts: Mapping[int, Fact]
    words: Mapping[UUID, Words]

    def beginnings(self) -> list[Recorded]:
        """The entries that follow from no other."""
        known = {entry.id for entry in self.entries}
        return [one for one in self.entries if one.cause.causation not in known]

    def following(self, cause: UUID) -> list[Recorded]:
        """What follows from an entry directly."""
        return [one for one in self.entries if one.cause.causation == cause]


def trace_of(store: Store, lead_id: str, limit: int) -> Trace:
    """The last `limit` entries on a lead with their causes; raises LeadUnknownError."""
    with store.reading() as session:
        lead = find_lead(session, lead_id)
        if lead is None:
            raise LeadUnknownError(lead_id)
        entries = entries_about(session, lead.id, limit)
        rows = [one.cause.event for one in entries if one.cause.event is not None]
        return Trace(entries, facts_of(session, rows), words_given(session, entries))
