"""Seals: digests of the log in the audit's chain, so that no event changes unnoticed.

A seal is a row of the audit: the events of the log since the seal before, how many they
are, and the sum of their digests. A sum doesn't depend on the order, and those of
events that are forgotten can be taken from it.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy.orm import Session

from governance.audit.chain import SYSTEM, Action, AuditEntry, Subject, SubjectKind
from serving.database.engine import Store
from serving.repositories.audit import append, hold_end, last_of, last_seq
from serving.repositories.events import event_rows, settled_event

_MODULUS = 1 << 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """The events of these rows of the log, `first` to `last`."""

    first: int
    last: int
    count: int
    sum: str  # hexadecimal


def seal_events(store: Store, anchored: int | None, now: datetime) -> Seal | None:
    """Seal the events that came since the last seal; None if none did, or if a lead was
    forgotten just then.

    `anchored`: the row of the last anchor, which a seal names, so that the audit says
    that there were anchors.
    """
    with store.writing() as session:
        last = settled_event(session)
    with store.reading() as session:
        forgotten = last_seq(session, Action.LEAD_FORGOTTEN)
        before = last_of(session, Action.EVENTS_SEALED)
        first = 1 if before is None else int(before["last"]) + 1
        if first > last:
            return None
        seal = seal_of(event_rows(session, first, last), first, last)
    entry = AuditEntry(
        action=Action.EVENTS_SEALED,
        by=SYSTEM,
        subject=Subject(SubjectKind.SERVICE, "events"),
        after={
            "first": seal.first,
            "last": seal.last,
            "count": seal.count,
            "sum": seal.sum,
        },
        why={"anchor": anchored},
    )
    with store.writing() as session:
        hold_end(session, SYSTEM)
        if last_seq(session, Action.LEAD_FORGOTTEN) != forgotten:
            return None  # the next one seals what is left
        append(session, [entry], now)
    return seal


def seal_of(rows: Iterable[Sequence[Any]], first: int, last: int) -> Seal:
    """The seal of rows of the log."""
    count, total = 0, 0
    for row in rows:
        count, total = count + 1, (total + digest_of(row)) % _MODULUS
    return Seal(first=first, last=last, count=count, sum=f"{total:064x}")


def digest_of(row: Sequence[Any]) -> int:
    """The digest of a row of the log, its id first."""
    body = orjson.dumps([str(value) for value in row])
    return int.from_bytes(hashlib.sha256(body).digest(), "big")


def sealed_parts(rows: Iterable[Sequence[Any]], seals: Iterable[Seal]) -> list[Seal]:
    """Of each seal the part that these rows of the log are: what the audit keeps of
    events that are about to be forgotten."""
    listed = list(rows)
    parts = []
    for seal in seals:
        mine = [row for row in listed if seal.first <= row[0] <= seal.last]
        if mine:
            parts.append(seal_of(mine, seal.first, seal.last))
    return parts


def broken_seals(
    session: Session, seals: Iterable[Seal], forgotten: Iterable[Seal] = ()
) -> Iterator[Seal]:
    """The seals whose events aren't what they were, but for those `forgotten`."""
    gone: dict[tuple[int, int], list[Seal]] = {}
    for part in forgotten:
        gone.setdefault((part.first, part.last), []).append(part)
    for seal in seals:
        parts = gone.get((seal.first, seal.last), [])
        with closing(event_rows(session, seal.first, seal.last)) as rows:
            there = seal_of(rows, seal.first, seal.last)
        if _joined([there, *parts]) != seal:
            yield seal


def _joined(parts: Sequence[Seal]) -> Seal:
    total = sum(int(part.sum, 16) for part in parts) % _MODULUS
    return replace(
        parts[0], count=sum(part.count for part in parts), sum=f"{total:064x}"
    )
