"""Feedback of people: the short lists that they choose from, and what they decided."""

import tomllib
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError, model_validator

from features.event import Actor, Event
from governance.errors import JudgementError
from governance.people.overrides import OVERRIDE_KINDS, OWN_SOURCE, OverrideKind
from governance.toml_file import FromFile

_DECIDED = OVERRIDE_KINDS | {"stage_changed", "concession_granted"}


def judges(event: Event) -> bool:
    """Did a person decide here? What another source says of people isn't one."""
    is_ours = event.source == OWN_SOURCE and event.actor is Actor.PERSON
    return is_ours and event.kind in _DECIDED


def judged_at(events: Iterable[Event]) -> datetime | None:
    """When the last decision became known; `events` of one lead, in any order."""
    return max((event.received_at for event in events if judges(event)), default=None)


JUDGEMENT_FILE = Path(__file__).with_name("feedback.toml")
JUDGING = frozenset({OverrideKind.PRIORITY_CONTESTED, OverrideKind.PRIORITY_CONFIRMED})

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Title = Annotated[str, Field(min_length=1, max_length=64)]


class Objection(FromFile):
    name: Name
    title: Title


class Reason(Objection):
    needs_text: bool = False
    agrees: bool = False  # with the system: no reason to contest or to suspend


class Tone(FromFile):
    value: Literal[-2, -1, 0, 1, 2]
    title: Title


class OverrideStanding(StrEnum):
    """What a person said of a priority, and what was learnt since."""

    NONE = "none"  # nobody said anything
    STANDS = "stands"
    REOPENED = "reopened"  # by new facts: another may be proposed


class Judgement(FromFile):
    """The short lists; and the kinds of fact that question what a person said."""

    reopened_by: frozenset[Name]
    reason: tuple[Reason, ...]
    tone: tuple[Tone, ...]
    objection: tuple[Objection, ...]

    @model_validator(mode="after")
    def _is_sound(self) -> "Judgement":
        if len(self.tone) != 5 or len({tone.value for tone in self.tone}) != 5:
            raise ValueError("a tone has five steps: -2, -1, 0, 1 and 2")
        for listed in (self.reason, self.objection):
            names = [choice.name for choice in listed]
            if not names or len(set(names)) != len(names):
                raise ValueError("a list is empty, or a name stands twice in it")
        return self

    @cached_property
    def reasons(self) -> dict[str, Reason]:
        return {reason.name: reason for reason in self.reason}

    def reasons_for(self, confirms: bool) -> list[Reason]:
        """Those that may be given; to confirm with, those that agree come first."""
        offered = [reason for reason in self.reason if confirms or not reason.agrees]
        return sorted(offered, key=lambda reason: not reason.agrees)

    @cached_property
    def objections(self) -> frozenset[str]:
        return frozenset(objection.name for objection in self.objection)

    def standing(self, events: Iterable[Event]) -> OverrideStanding:
        """How a person's word on the priority stands; `events` in any order.

        What became known after it counts, whenever it happened.
        """
        known = list(events)
        word = last_word(known)
        if word is None:
            return OverrideStanding.NONE
        is_reopened = any(
            event.kind in self.reopened_by and event.received_at > word.received_at
            for event in known
        )
        return OverrideStanding.REOPENED if is_reopened else OverrideStanding.STANDS


def read_judgement(path: Path = JUDGEMENT_FILE) -> Judgement:
    """Read the lists; raises JudgementError: the file, and what is wrong."""
    try:
        return Judgement.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise JudgementError(f"{path}: {error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        message = first["msg"].removeprefix("Value error, ")
        raise JudgementError(f"{path}: {place}: {message}") from error


def last_word(events: Iterable[Event]) -> Event | None:
    """What a person last said of the priority; `events` of one lead, in any order."""
    words = (event for event in events if judges_priority(event))
    return max(words, key=lambda event: event.received_at, default=None)


def judges_priority(event: Event) -> bool:
    """Did a person give or confirm a priority here?"""
    return event.source == OWN_SOURCE and event.kind in JUDGING
