"""What the person whom a lead is has said of their data, and what is kept of one that
was forgotten: that it was, when and why; never who."""

import hashlib
import hmac
import unicodedata
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Self

from features.event import Event


class ForgetReason(StrEnum):
    """Why a lead is forgotten: a list, as words of one's own would name somebody."""

    REQUEST = "demande"  # of the person: article 17
    CONSENT = "consentement_retire"
    RETENTION = "conservation"  # it was kept for as long as it may be
    MISTAKE = "erreur"  # it should never have been there


@dataclass(frozen=True, slots=True, kw_only=True)
class Tombstone:
    """`hash` is a keyed one of the lead's id: see `pseudonym`."""

    hash: str
    forgotten_on: date
    reason: ForgetReason


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


class PrivacyKind(StrEnum):
    """Kinds of events by which it is known what the person said."""

    OBJECTED = "profiling_objected"  # article 21: no score, no automation
    ACCEPTED = "profiling_accepted"  # the objection is taken back
    CONSENTED = "tracking_consented"  # that the opening of a mail is noted, for one
    REFUSED = "tracking_refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivacyWishes:
    """When each was last said: events may be known in any order."""

    objected_at: datetime | None = None
    accepted_at: datetime | None = None
    consented_at: datetime | None = None
    refused_at: datetime | None = None

    @property
    def has_objected(self) -> bool:
        return _is_later(self.objected_at, self.accepted_at)

    def had_consented(self, at: datetime) -> bool:
        """Was there a consent that held when something happened?"""
        given, ended = self.consented_at, self.refused_at
        if given is None or given > at:
            return False
        return ended is None or ended < given or ended > at

    def after(self, event: Event) -> Self:
        """The wishes once an event is known as well."""
        return self.at(event.kind, event.occurred_at)

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
    PrivacyKind.CONSENTED: "consented_at",
    PrivacyKind.REFUSED: "refused_at",
}


def _is_later(instant: datetime | None, other: datetime | None) -> bool:
    return instant is not None and (other is None or instant >= other)
