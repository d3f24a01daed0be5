"""Assurance of a change: how it is known that a person made it, if it is. Pure.

An event is somebody's word. What a person signed here is a decision; what a system that
may vouch for people says of one of them is a declaration; anything else counts as a
machine's, whatever actor the event claims.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from pydantic import JsonValue

from features.event import Actor, Event
from governance.people.overrides import OWN_SOURCE

VOUCHED_FIELD = "vouched"  # of an event's data; ingestion alone writes it


class Assurance(StrEnum):
    SIGNED = "signed"  # a person decided it here
    VOUCHED = "vouched"  # a key that may vouch for people names who did it elsewhere
    AUTOMATION = "automation"  # nobody known did it


@dataclass(frozen=True, slots=True)
class Vouched:
    """Who did something in the CRM, by the word of a key."""

    who: str
    key: str  # its name
    key_id: str

    @property
    def data(self) -> dict[str, JsonValue]:
        """As an event's data keep it."""
        return {"who": self.who, "key": self.key, "key_id": self.key_id}


def without_vouching(data: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """An event's data without who is vouched for."""
    return {name: said for name, said in data.items() if name != VOUCHED_FIELD}


def vouched_of(event: Event) -> Vouched | None:
    """The person whom a key names as the doer; None: it names nobody."""
    return None if event.source == OWN_SOURCE else vouched_in(event.data)


def vouched_in(about: Mapping[str, JsonValue]) -> Vouched | None:
    """The same, of the data of an event of another source."""
    told = about.get(VOUCHED_FIELD)
    if not isinstance(told, dict):
        return None
    who, key, key_id = (told.get(name) for name in ("who", "key", "key_id"))
    if not (isinstance(who, str) and who.strip()):
        return None
    return Vouched(who, str(key or ""), str(key_id or ""))


def assurance_of(event: Event) -> Assurance:
    """How it is known that a person did what the event tells."""
    if event.source == OWN_SOURCE:
        is_person = event.actor is Actor.PERSON
        return Assurance.SIGNED if is_person else Assurance.AUTOMATION
    return Assurance.AUTOMATION if vouched_of(event) is None else Assurance.VOUCHED
