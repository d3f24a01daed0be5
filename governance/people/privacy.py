"""What the person whom a lead is has said of their data, and what is kept of one that
was forgotten: that it was, when and why; never who."""

import hashlib
import hmac
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Self

from features.event import Event
from features.lead_id import skeleton


class ForgetReason(StrEnum):
    """Why a lead is forgotten: a list, as words of one's own would name somebody."""

    REQUEST = "demande"  # of the person: article 17
    CONSENT = "consentement_retire"
    RETENTION = "conservation"  # it was kept for as long as it may be
    MISTAKE = "erreur"  # it should never have been there


@dataclass(frozen=True, slots=True, kw_only=True)
class Tombstone:
    """`hash` is a keyed one of the lead's id: see `pseudonym`. `skeleton` is one of
    what look-alikes of the id share: see `likeness`; older tombstones have none."""

    hash: str
    forgotten_on: date
    reason: ForgetReason
    skeleton: str | None = None


def pseudonym(lead_id: str, key: bytes) -> str:
    """What stands for a lead's id: HMAC-SHA256, in hexadecimal.

    Who has the key can tell whether a given id was forgotten, and nobody else can.

    Examples
    --------
    >>> pseudonym("L-1 ", b"k" * 32) == pseudonym("L-1", b"k" * 32)
    True
    >>> pseudonym("L-1", b"k" * 32) == pseudonym("L-1", b"l" * 32)
    False
    """
    name = " ".join(unicodedata.normalize("NFC", lead_id).split())
    return hmac.new(key, name.encode(), hashlib.sha256).hexdigest()


def likeness(lead_id: str, key: bytes) -> str:
    """What stands for an id and those that look like it; none is a pseudonym.

    Examples
    --------
    >>> likeness("L-1", b"k" * 32) == likeness("l\u20111", b"k" * 32)
    True
    """
    shared = b"\0skeleton\0" + skeleton(lead_id).bytes  # as no id begins
    return hmac.new(key, shared, hashlib.sha256).hexdigest()


class PrivacyKind(StrEnum):
    """Kinds of events by which it is known what the person said."""

    OBJECTED = "profiling_objected"  # article 21: no score, no automation
    ACCEPTED = "profiling_accepted"  # the objection is taken back
    CONSENTED = "tracking_consented"  # that the opening of a mail is noted, for one
    REFUSED = "tracking_refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivacyWishes:
    """When an objection was last made, and last taken back: events may be known in any
    order. Consents stand in the log alone: see `had_consented`."""

    objected_at: datetime | None = None
    accepted_at: datetime | None = None

    @property
    def has_objected(self) -> bool:
        return _is_later(self.objected_at, self.accepted_at)

    def after(self, event: Event) -> Self:
        """The wishes once an event is known as well."""
        return self.at(event.kind, event.occurred_at)

    def and_of(self, other: "PrivacyWishes") -> Self:
        """The wishes of one person whom two leads are."""
        wishes = self
        for kind, name in _FIELDS.items():
            instant: datetime | None = getattr(other, name)
            wishes = wishes if instant is None else wishes.at(kind, instant)
        return wishes

    def at(self, kind: str, instant: datetime) -> Self:
        """The wishes once it is known as well that one was said at an instant."""
        if kind not in _FIELDS:
            return self
        field = _FIELDS[kind]
        known: datetime | None = getattr(self, field)
        return replace(self, **{field: max(known or instant, instant)})


_FIELDS: dict[str, str] = {
    PrivacyKind.OBJECTED: "objected_at",
    PrivacyKind.ACCEPTED: "accepted_at",
}


def had_consented(told: Iterable[Event], at: datetime) -> bool:
    """Was there a consent that held at an instant? Each consent and each refusal
    counts from its own date until the next; at the same instant, the refusal.

    `told`: all that the person said, in any order.
    """
    until = [e for e in told if e.kind in _OF_TRACKING and e.occurred_at <= at]
    last = max(until, key=lambda e: (e.occurred_at, e.kind == _REFUSED), default=None)
    return last is not None and last.kind == PrivacyKind.CONSENTED


_REFUSED = PrivacyKind.REFUSED
_OF_TRACKING = frozenset({PrivacyKind.CONSENTED, _REFUSED})
CONSENT_SOURCE = "source"  # in a consent's data: where it was given


def _is_later(instant: datetime | None, other: datetime | None) -> bool:
    return instant is not None and (other is None or instant >= other)
