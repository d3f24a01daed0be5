"""The audit's chain: what is recorded of a change, and where a chain is broken. Pure.

A row is kept as the very text that is hashed, so that anyone can compute it again:
SHA-256 of the row before (64 hexadecimal characters), a line feed, and the row as
JSON: keys sorted, no spaces, UTF-8. A chain shows what was changed, taken out or put
in; that its end was cut, only an anchor shows (see `anchors.py`).

A row of before the means were kept has none, and is hashed without.
Rows hold ids of our own and codes: never a name, an id of the CRM's, or free text.
Yet what they stand for can't be exchanged: the id of a lead or of a principal is made
of its name and a salt that is kept beside the name, and a text goes in as a digest of
it and such a salt. Once name and salt are erased, neither tells anything.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from secrets import token_hex
from uuid import UUID, uuid4

import orjson
from pydantic import JsonValue

from features.event import Event
from governance.people.principal import Means, Principal, PrincipalKind

BEGINNING = "0" * 64  # what stands before the first row
SYSTEM = Principal(PrincipalKind.AUTOMATION, "frein")  # scores and tasks are its doing
SHELL = Principal(  # nobody signed in there
    PrincipalKind.AUTOMATION, "command line", Means.COMMAND_LINE
)
# Whoever wrote the files: who starts a service is no person that signed in.
STARTUP = Principal(PrincipalKind.AUTOMATION, "configuration au démarrage")

Text = str | int | None
AuditFields = Mapping[str, JsonValue | Principal]  # a principal is kept as its own id


class Action(StrEnum):
    """What happened; the values stand in the table for ever."""

    PRIORITY_CHANGED = "priority_changed"
    STAGE_OBSERVED = "stage_observed"  # changed elsewhere, and seen here
    DECISION_CONTRADICTED = "decision_contradicted"  # by what is seen elsewhere
    CONTRADICTION_ENDED = "contradiction_ended"  # it says so no more
    LEAD_REMOVED = "lead_removed"  # deleted, archived or merged elsewhere
    LEAD_RESTORED = "lead_restored"
    LEAD_ABSORBED = "lead_absorbed"  # another became part of this one
    STAGE_MOVED = "stage_moved"
    MOVE_REFUSED = "move_refused"
    DECISION_REFUSED = "decision_refused"  # a machine tried to decide a proposal
    PROPOSAL_OPENED = "proposal_opened"
    PROPOSAL_CLOSED = "proposal_closed"
    TASK_OPENED = "task_opened"
    TASK_CLOSED = "task_closed"
    TASK_ESCALATED = "task_escalated"
    TASK_HANDED_OVER = "task_handed_over"  # with its lead
    RULE_STOPPED = "rule_stopped"  # set off, and yet without effect
    ECHO_SEEN = "echo_seen"  # our own write, come back
    PRIORITY_KEPT = "priority_kept"  # though the score calls for another
    OWNER_CHANGED = "owner_changed"
    NOTICE_SENT = "notice_sent"
    CLOCK_DOUBTED = "clock_doubted"  # it went back
    KEY_CREATED = "key_created"
    KEY_REVOKED = "key_revoked"
    CONCESSION_GRANTED = "concession_granted"
    CONCESSION_REFUSED = "concession_refused"
    REQUALIFICATION_REFUSED = "requalification_refused"
    NOTE_ADDED = "note_added"
    PRIORITY_CONTESTED = "priority_contested"
    PRIORITY_CONFIRMED = "priority_confirmed"
    STATUS_ADJUSTED = "status_adjusted"
    AUTOMATION_SUSPENDED = "automation_suspended"
    AUTOMATION_RESUMED = "automation_resumed"
    RULE_SUSPENDED = "rule_suspended"
    RULE_RESUMED = "rule_resumed"
    PERSON_ADDED = "person_added"
    PERSON_CHANGED = "person_changed"
    PERSON_DISABLED = "person_disabled"
    PERSON_BOUND = "person_bound"  # to an identity of a provider
    PERSON_LOCKED = "person_locked"  # after too many wrong passwords
    PASSWORD_SET = "password_set"
    TOKEN_ISSUED = "token_issued"
    CONFIGURATION_CHANGED = "configuration_changed"  # files read at start, or the place
    EVENTS_SEALED = "events_sealed"  # their digest, so that none changes unnoticed
    PROFILING_OBJECTED = "profiling_objected"
    PROFILING_ACCEPTED = "profiling_accepted"
    LEAD_FORGOTTEN = "lead_forgotten"  # nothing of the person is left
    RETENTION_APPLIED = "retention_applied"  # what was kept long enough went
    EVENTS_EXPORTED = "events_exported"  # a person took the log out
    MODEL_PROMOTED = "model_promoted"  # by a person, or brought back
    STORE_RESTORED = "store_restored"  # from a backup: what came after it is gone
    SIGNED_IN = "signed_in"
    SIGNED_OUT = "signed_out"
    SIGN_IN_REFUSED = "sign_in_refused"
    TOTP_ENABLED = "totp_enabled"
    TOTP_DISABLED = "totp_disabled"
    KEY_ROTATED = "key_rotated"
    GLASS_BROKEN = "glass_broken"  # an administrator acts in an emergency


class SubjectKind(StrEnum):
    LEAD = "lead"
    DECISION = "decision"
    PROPOSAL = "proposal"
    TASK = "task"
    KEY = "api_key"
    PERSON = "person"
    RULE = "rule"  # company data: its id is our own
    SERVICE = "service"
    BREAK_GLASS = "break_glass"


@dataclass(frozen=True, slots=True)
class Subject:
    """On what: an id of our own."""

    kind: SubjectKind
    id: UUID | str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditCause:
    """Where an entry comes from, as it is kept.

    `correlation` is shared by all that one call set off. `causation` is the entry
    that this one follows from, `event` the row in our log of the event that it follows
    from directly. `depth` counts the steps of automation since an event or a person: a
    person's act begins again at 0, whatever it follows from.
    """

    correlation: UUID
    causation: UUID | None = None
    event: int | None = None
    depth: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """Something that happened: who did what, on what, before and after, and why.

    `follows`: the entry or the event that it follows from; None: it begins by itself.
    `lead` is the lead's id here, None if it has none.
    """

    action: Action
    by: Principal
    subject: Subject
    lead: UUID | None = None
    id: UUID = field(default_factory=uuid4)
    before: AuditFields | None = None
    after: AuditFields | None = None
    why: AuditFields = field(default_factory=dict)
    follows: UUID | Event | None = None

    def row(
        self, ids: Mapping[Principal, UUID], cause: AuditCause, at: datetime
    ) -> dict[str, Text]:
        """The entry as it is kept and hashed; `ids` names its principals."""
        return {
            "id": str(self.id),
            "at": as_kept(at),
            "who_kind": self.by.kind.value,
            "who_id": str(ids[self.by]),
            "action": self.action.value,
            "lead_id": None if self.lead is None else str(self.lead),
            "subject_kind": self.subject.kind.value,
            "subject_id": str(self.subject.id),
            "state_before": _json(self.before, ids),
            "state_after": _json(self.after, ids),
            "why": _json(self.why, ids),
            "correlation_id": str(cause.correlation),
            "causation_id": None if cause.causation is None else str(cause.causation),
            "event_id": cause.event,
            "depth": cause.depth,
            "means": self.by.means.value,
        }

    @property
    def principals(self) -> set[Principal]:
        """Everyone whom the entry names."""
        stated = (self.before, self.after, self.why)
        values = [value for fields in stated if fields for value in fields.values()]
        return {self.by, *(v for v in values if isinstance(v, Principal))}


@dataclass(frozen=True, slots=True)
class Head:
    """The last row of a chain."""

    seq: int = 0
    hash: str = BEGINNING


@dataclass(frozen=True, slots=True)
class Link:
    """A row in its place. Of a table that was tampered with, anything may be read."""

    seq: int
    row: Mapping[str, Text]
    previous: str
    hash: str


def chained(rows: Iterable[Mapping[str, Text]], head: Head) -> Iterator[Link]:
    """The rows as they follow on the head, in order."""
    for row in rows:
        link = Link(head.seq + 1, row, head.hash, _digest(head.seq + 1, row, head.hash))
        head = Head(link.seq, link.hash)
        yield link


class BreakKind(StrEnum):
    ROW_MISSING = "row_missing"
    ROW_CHANGED = "row_changed"  # it isn't what was hashed
    ROW_UNLINKED = "row_unlinked"  # the row before isn't the one it was chained to
    ANCHOR_DIFFERS = "anchor_differs"  # another row stood there when it was signed
    TAIL_CUT = "tail_cut"  # rows up to the last anchor are missing
    ANCHOR_FORGED = "anchor_forged"  # its signature is not of our key
    ANCHORS_GONE = "anchors_gone"  # there is a key, so there were anchors
    HEAD_LOST = "head_lost"  # rows that were there at the last tick are missing


@dataclass(frozen=True, slots=True)
class Break:
    """Where a chain is broken: at which row."""

    kind: BreakKind
    seq: int


def first_break(
    links: Iterable[Link], anchors: Mapping[int, str], *, since: int = 1
) -> Break | None:
    """Where a chain breaks first, or None if it holds.

    `links` are the rows from `since` on, in order; `anchors` the hash that each signed
    row had then. What a row `since` other than 1 follows on is taken as it stands: it
    is anchored.
    """
    expected, previous = since, BEGINNING if since == 1 else None
    for link in links:
        kind = _broken(link, expected, previous, anchors)
        if kind is not None:
            return Break(kind, expected)
        expected, previous = link.seq + 1, link.hash
    if max(anchors, default=0) >= expected:
        return Break(BreakKind.TAIL_CUT, expected)
    return None


def _broken(
    link: Link, expected: int, previous: str | None, anchors: Mapping[int, str]
) -> BreakKind | None:
    if link.seq != expected:
        return BreakKind.ROW_MISSING
    if link.hash != _digest(link.seq, link.row, link.previous):
        return BreakKind.ROW_CHANGED
    if previous is not None and link.previous != previous:
        return BreakKind.ROW_UNLINKED
    if anchors.get(link.seq, link.hash) != link.hash:
        return BreakKind.ANCHOR_DIFFERS
    return None


def _digest(seq: int, row: Mapping[str, Text], previous: str) -> str:
    body = _canonical({"seq": seq, **row})
    return hashlib.sha256(f"{previous}\n".encode() + body).hexdigest()


def _canonical(value: object) -> bytes:
    """JSON, one way only; what JSON has no form for (forged) is put as Python's."""
    return orjson.dumps(value, default=repr, option=orjson.OPT_SORT_KEYS)


def _json(fields: AuditFields | None, ids: Mapping[Principal, UUID]) -> str | None:
    if fields is None:
        return None
    named = {
        key: str(ids[value]) if isinstance(value, Principal) else value
        for key, value in fields.items()
    }
    return _canonical(named).decode()


def new_salt() -> str:
    return token_hex(16)


def id_of(salt: str, *name: str) -> UUID:
    """The id that stands for a name here.

    Examples
    --------
    >>> id_of("00", "L-1") == id_of("00", "L-1")
    True
    >>> id_of("00", "L-1") == id_of("01", "L-1")
    False
    """
    return UUID(
        bytes=hashlib.sha256(_canonical([salt, *name])).digest()[:16], version=4
    )


def text_digest(salt: str, text: str) -> str:
    """What stands for a text here."""
    return hashlib.sha256(_canonical([salt, text])).hexdigest()


def as_kept(at: datetime) -> str:
    """An instant as rows have it: in text, the earlier comes first."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
