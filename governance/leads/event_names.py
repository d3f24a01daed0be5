"""Names of events: what other systems call their sources and kinds, and which kinds a
company has of its own.

CloudEvents wants a source to be a URI and a type to begin with a reversed DNS name;
keys and catalogues have short names. The table between them is the company's.
"""

import re
from collections.abc import Collection, Mapping
from difflib import SequenceMatcher
from functools import cached_property
from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from features.event import ATTRIBUTES_KIND, OPINION_KINDS
from governance.errors import EventNamesError
from governance.leads.state import STAGE_KINDS
from governance.people.privacy import PrivacyKind
from governance.policy.removal import REMOVAL_KINDS
from governance.toml_file import FromFile, read_toml

# What Frein reads or writes of itself, and what the shipped catalogue's logs have.
USUAL_KINDS = (
    STAGE_KINDS
    | REMOVAL_KINDS
    | OPINION_KINDS
    | {kind.value for kind in PrivacyKind}
    | {ATTRIBUTES_KIND, "priority_set", "concession_granted", "unsubscribed"}
    | {"call_made", "call_received", "meeting_held", "note_added", "quote_sent"}
    | {"email_sent", "email_opened", "email_clicked", "email_replied"}
    | {"page_viewed", "form_submitted", "document_downloaded"}
)
_MOST_LIKE = 4  # kinds that are named

Kind = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,99}$")]
Called = Annotated[str, Field(min_length=1, max_length=2000)]


class NamedSource(FromFile):
    """`name` is that of the keys; `uris` are what CloudEvents of it call it, `types`
    what they call the kinds of event."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_.-]{0,63}$")]
    uris: tuple[Called, ...] = ()
    types: dict[Called, Kind] = {}  # noqa: RUF012 - pydantic copies it


class EventNames(FromFile):
    """The table; it may be empty. `kinds` are those that nothing here reads yet."""

    kinds: frozenset[Kind] = frozenset()
    source: tuple[NamedSource, ...] = ()

    @model_validator(mode="after")
    def _is_clear(self) -> "EventNames":
        called = [n for source in self.source for n in (source.name, *source.uris)]
        for name in called:
            if called.count(name) > 1:
                raise ValueError(f"source {name!r} stands twice")
        return self

    @cached_property
    def declared_kinds(self) -> frozenset[str]:
        """The company's own, and those that the table leads to."""
        return self.kinds.union(*(source.types.values() for source in self.source))

    @cached_property
    def _by_name(self) -> Mapping[str, NamedSource]:
        return {n: each for each in self.source for n in (each.name, *each.uris)}

    def here(self, sent: object) -> object:
        """A CloudEvent with its source and its type as they are called here."""
        if not isinstance(sent, dict):
            return sent
        source, kind = sent.get("source"), sent.get("type")
        named = self._by_name.get(source) if isinstance(source, str) else None
        if named is None:
            return sent
        known = named.types.get(kind, kind) if isinstance(kind, str) else kind
        return {**sent, "source": named.name, "type": known}


def read_event_names(path: Path | None) -> EventNames:
    """The file, or an empty table; raises EventNamesError: file, line and fault."""
    if path is None:
        return EventNames()
    return read_toml(path, EventNames, "source", EventNamesError)


def most_like(kind: str, known: Collection[str]) -> list[str]:
    """Of the known kinds those that are most like one, by their words first.

    Examples
    --------
    >>> most_like("opportunity_lost", {"lost", "won", "email_sent"})[:1]
    ['lost']
    >>> most_like("page_view", {"page_viewed", "note_added"})[:1]
    ['page_viewed']
    """
    words = frozenset(re.split(r"[._]", kind))

    def likeness(other: str) -> tuple[int, float, str]:
        shared = len(words.intersection(other.split("_")))
        return shared, SequenceMatcher(None, kind, other).ratio(), other

    return sorted(known, key=likeness, reverse=True)[:_MOST_LIKE]
