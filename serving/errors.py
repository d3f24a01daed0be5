"""Errors of the service; branches of the tree in `features/errors.py`.

FreinError
├── RequestError             a call can't be understood
│   ├── BodyNotJsonError
│   ├── BodyTooLargeError
│   ├── MediaTypeError
│   ├── ContentEncodingError  the body is compressed
│   ├── RequestInvalidError  the body doesn't fit; says where
│   ├── RouteUnknownError
│   ├── HostUnknownError     it names a host that isn't ours
│   ├── KeyReusedError       an Idempotency-Key came with another call
│   ├── CallUnderWayError    the same call isn't answered yet
│   └── MethodNotAllowedError
├── AccessError              a call is not allowed
│   ├── KeyMissingError
│   ├── KeyInvalidError      unknown, wrong, expired or revoked: never said which
│   ├── SignInRefusedError   wrong, unknown, disabled or locked: never said which
│   ├── NotVouchedForError   a provider's identity is nobody's here, or isn't proven
│   ├── SecondFactorError    the password is right, and a one-time code is due
│   ├── ReauthenticationRequiredError  the proof of who they are is too old
│   ├── SecondFactorDueError their role wants one-time codes: to set up first
│   ├── TooManyCallsError    a limit was reached; says when to try again
│   ├── SignInNeededError    who decides at the command line says nothing of who
│   ├── CsrfMissingError     a session writes without its token
│   ├── RoleMissingError
│   ├── ScopeMissingError
│   ├── SourceNotYoursError
│   ├── ActorNotYoursError
│   ├── KindReservedError    an override can't be an observation
│   ├── PersonRequiredError
│   └── ReservedForPeopleError
│       └── AboveLimitError  a person's own limit
├── (features) EventError
│   ├── KindMalformedError
│   ├── TimeNaiveError
│   ├── TimeInFutureError
│   ├── StageNotInPipelineError   says which stages are known
│   ├── RemovalRefusedError  a merger, or the restoring of a merged lead; says why
│   ├── MergerNeedsPersonError    the part has what people decided, or are to decide
│   ├── KindUnknownError     nothing here reads it; says which kinds are like it
│   └── EventIdReusedError   its source told something else under this id before
├── UnknownError             what is asked for isn't there
│   ├── LeadUnknownError
│   ├── ProposalUnknownError
│   ├── TaskUnknownError
│   ├── KeyUnknownError
│   ├── PersonUnknownError
│   ├── RuleUnknownError
│   └── SuspensionUnknownError   nothing is suspended there
├── LeadIdAmbiguousError     an id that isn't known looks like another that is
├── LeadForgottenError       it was forgotten, and isn't taken in again
├── ObjectedError            the person objects to being profiled: no score
├── LeadRemovedError         it was deleted, archived or merged in the CRM
├── ConsentMissingError      the person never agreed that this is noted of them
├── PriorityMissingError     nothing to confirm: the lead was never scored
├── PriorityHeldError        the lead has that priority already
├── SuspendedAlreadyError    somebody was quicker
├── ChangedMeanwhileError    the lead isn't what the caller saw
├── ProposalDecidedError     somebody was quicker
├── TaskClosedError          somebody was quicker
├── TaskAwaitsDecisionError  who decides its proposal closes it
├── StoreBusyError           a lock did not come in time, or no database answers
│   └── StoreOvertakenError  another writer was quicker: start again
├── StoreFullError           no room on the database's disk
├── StoreReadOnlyError       nothing can be written there
├── StoreCorruptError        the database's file is damaged, or none
├── BackupError              a backup can't be made, or brought back; says why
├── SettingsError            a variable of the environment; says which
├── DatabaseUnsupportedError
├── StoreRevisionError       another version of Frein wrote the store; says what to do
├── ProviderUnavailableError   people can't sign in there: it doesn't answer
├── ProviderUnsupportedError   the package that speaks to it isn't installed
├── AuditBrokenError         the audit was tampered with
├── AutomationStoppedError   since it was, no machine changes anything
├── AnchorsUnreadableError   the anchors' file or its key; says which and where
├── SecretKeyError           the file of the key that seals secrets; says which and why
└── InternalError            our bug, as the caller sees it
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Self
from uuid import UUID

from features.errors import EventError, FreinError


class RequestError(FreinError):
    code = "request_refused"


class BodyNotJsonError(RequestError):
    code = "json_malformed"


@dataclass(eq=False)
class BodyTooLargeError(RequestError):
    code = "body_too_large"

    limit: int


@dataclass(eq=False)
class MediaTypeError(RequestError):
    code = "media_type_unsupported"

    expected: str


@dataclass(eq=False)
class ContentEncodingError(RequestError):
    code = "encoding_unsupported"

    encoding: str


class RequestInvalidError(RequestError):
    """`allowed`: the values that a closed list has."""

    code = "request_invalid"

    def __init__(self, field: str, why: str, allowed: Iterable[str] = ()) -> None:
        self.field = field
        self.why = why
        self.allowed = ", ".join(allowed)
        super().__init__(f"{field}: {why} {self.allowed}".rstrip())


class RouteUnknownError(RequestError):
    code = "route_unknown"


class HostUnknownError(RequestError):
    code = "host_unknown"


class KeyReusedError(RequestError):
    code = "idempotency_key_reused"


class CallUnderWayError(RequestError):
    code = "call_under_way"


class MethodNotAllowedError(RequestError):
    code = "method_not_allowed"


class Reserved(StrEnum):
    """Subject of a refusal."""

    STAGE = "stage"
    CONCESSION = "concession"
    PRIORITY = "priority"


class AccessError(FreinError):
    code = "access_refused"


class KeyMissingError(AccessError):
    code = "key_missing"


class KeyInvalidError(AccessError):
    code = "key_invalid"


class SignInRefusedError(AccessError):
    code = "sign_in_refused"


class NotVouchedForError(AccessError):
    code = "not_vouched_for"


class SecondFactorError(AccessError):
    code = "second_factor_required"


class ReauthenticationRequiredError(AccessError):
    code = "reauthentication_required"


class SecondFactorDueError(AccessError):
    code = "second_factor_due"


@dataclass(eq=False)
class TooManyCallsError(AccessError):
    code = "too_many_calls"

    retry_after: int  # seconds


class SignInNeededError(AccessError):
    code = "sign_in_needed"


class CsrfMissingError(AccessError):
    code = "csrf_missing"


class RoleMissingError(AccessError):
    code = "role_missing"


@dataclass(eq=False)
class ScopeMissingError(AccessError):
    code = "scope_missing"

    scope: str


@dataclass(eq=False)
class SourceNotYoursError(AccessError):
    code = "source_not_yours"

    source: str
    yours: str


@dataclass(eq=False)
class ActorNotYoursError(AccessError):
    code = "actor_not_yours"

    actor: str


@dataclass(eq=False)
class KindReservedError(AccessError):
    code = "kind_reserved"

    kind: str


class PersonRequiredError(AccessError):
    code = "person_required"


class ReservedForPeopleError(AccessError):
    """A key or a rule asked for what people decide; a proposal waits for one."""

    code = "reserved_for_people"

    def __init__(
        self,
        name: str,
        proposal_id: UUID | None = None,
        task_id: UUID | None = None,
        what: Reserved = Reserved.STAGE,
    ) -> None:
        super().__init__(name)
        self.name = name
        self.what = what
        self.proposal_id = proposal_id
        self.task_id = task_id


class AboveLimitError(ReservedForPeopleError):
    """A person asked for more than their role may decide; a proposal waits for a
    manager."""


class KindMalformedError(EventError):
    code = "kind_malformed"


class TimeNaiveError(EventError):
    code = "time_naive"


class TimeInFutureError(EventError):
    code = "time_in_future"


class StageNotInPipelineError(EventError):
    code = "stage_not_in_pipeline"

    def __init__(self, stage: str, known: str) -> None:
        super().__init__("data.to", "stage_not_in_pipeline")
        self.stage = stage
        self.known = known


class RemovalRefusedError(EventError):
    code = "removal_refused"


class MergerNeedsPersonError(EventError):
    code = "merger_needs_person"


class KindUnknownError(EventError):
    code = "kind_unknown"

    def __init__(self, kind: str, nearest: str) -> None:
        super().__init__("type", "kind_unknown")
        self.kind = kind
        self.nearest = nearest


class EventIdReusedError(EventError):
    code = "id_reused"

    def __init__(self, event_id: str) -> None:
        super().__init__("id", "id_reused")
        self.event_id = event_id


class UnknownError(FreinError):
    code = "unknown"


class LeadUnknownError(UnknownError):
    code = "lead_unknown"


class LeadIdAmbiguousError(FreinError):
    """`other`: the id that this one looks like; None: it isn't told. `alike`: all the
    ids of the call that look like another, each with that one."""

    code = "lead_id_ambiguous"

    def __init__(
        self,
        lead_id: str,
        other: str | None = None,
        alike: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(lead_id)
        self.lead_id, self.other, self.alike = lead_id, other, alike or {}

    @classmethod
    def of(cls, alike: Mapping[str, str]) -> Self:
        """That of the first, with all."""
        (lead_id, other), *_ = alike.items()
        return cls(lead_id, other, alike)


class LeadForgottenError(FreinError):
    code = "lead_forgotten"

    def __init__(self, lead_ids: Collection[str]) -> None:
        super().__init__("it was forgotten")
        self.lead_ids = lead_ids


class ObjectedError(FreinError):
    code = "objected"


class LeadRemovedError(FreinError):
    """`survivor`: the lead into which it was merged, by its CRM's id."""

    code = "lead_removed"

    def __init__(self, removal: str, survivor: str | None = None) -> None:
        super().__init__(removal)
        self.removal = removal
        self.survivor = survivor


class ConsentMissingError(FreinError):
    """`pairs`: the (source, id) of the events that may not be noted."""

    code = "consent_missing"

    def __init__(self, kind: str, pairs: frozenset[tuple[str, str]] = frozenset()):
        super().__init__(kind)
        self.kind = kind
        self.pairs = pairs


class ProposalUnknownError(UnknownError):
    code = "proposal_unknown"


class KeyUnknownError(UnknownError):
    code = "key_unknown"


class PersonUnknownError(UnknownError):
    code = "person_unknown"


class RuleUnknownError(UnknownError):
    code = "rule_unknown"


class SuspensionUnknownError(UnknownError):
    code = "suspension_unknown"


class PriorityMissingError(FreinError):
    code = "priority_missing"


@dataclass(eq=False)
class PriorityHeldError(FreinError):
    code = "priority_already_held"

    priority: str


class SuspendedAlreadyError(FreinError):
    """`until` None: until somebody ends it."""

    code = "suspended_already"

    def __init__(self, by: str, until: datetime | None = None) -> None:
        super().__init__(by)
        self.by = by
        self.until = until


class ChangedMeanwhileError(FreinError):
    """`what` is no longer what the caller saw; `now`: its stage's name, its priority's,
    or "" if it has none, or the percentage that was conceded in all."""

    code = "changed_meanwhile"

    def __init__(self, now: str, what: Reserved = Reserved.STAGE) -> None:
        super().__init__(f"{what}: {now}")
        self.what = what
        self.now = now


class TaskUnknownError(UnknownError):
    code = "task_unknown"


class TaskClosedError(FreinError):
    code = "task_closed"


class TaskAwaitsDecisionError(FreinError):
    code = "task_awaits_decision"


class ProposalDecidedError(FreinError):
    code = "proposal_decided"

    def __init__(self, status: str, decided_by: str) -> None:
        super().__init__(f"{status} by {decided_by}")
        self.status = status
        self.decided_by = decided_by


class StoreBusyError(FreinError):
    code = "store_busy"


class StoreOvertakenError(StoreBusyError):
    code = "store_overtaken"


class StoreFullError(FreinError):
    code = "store_full"


class StoreReadOnlyError(FreinError):
    code = "store_read_only"


class StoreCorruptError(FreinError):
    code = "store_corrupt"


class BackupError(FreinError):
    code = "backup_failed"


class SettingsError(FreinError):
    code = "settings_invalid"


class ProviderUnavailableError(FreinError):
    code = "identity_provider_unavailable"


class ProviderUnsupportedError(FreinError):
    code = "identity_provider_unsupported"


class DatabaseUnsupportedError(FreinError):
    code = "database_unsupported"


class StoreRevisionError(FreinError):
    code = "store_revision_unknown"

    def __init__(self, revision: str, remedy: str) -> None:
        super().__init__(f"the store is at revision {revision}: {remedy}")


class AuditBrokenError(FreinError):
    code = "audit_broken"

    def __init__(self, kind: str, seq: int) -> None:
        super().__init__(f"{kind} at row {seq}")
        self.kind = kind
        self.seq = seq


class AutomationStoppedError(FreinError):
    code = "automation_stopped"

    def __init__(self, seq: int) -> None:
        super().__init__(f"the audit is broken at row {seq}")
        self.seq = seq


class AnchorsUnreadableError(FreinError):
    code = "anchors_unreadable"


class SecretKeyError(FreinError):
    code = "secret_key_unreadable"


class InternalError(FreinError):
    code = "internal_error"
