"""Statements of people on a lead: an event of our own in the log, and an audit row.

The free text stays in the event; the audit holds the event's id.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from pydantic import JsonValue

from governance.audit.chain import Action, AuditEntry, AuditFields, Subject, SubjectKind
from governance.leads.state import LeadState
from governance.people.feedback import Judgement, judges_priority
from governance.people.overrides import OWN_SOURCE, own_event
from governance.people.principal import Principal
from serving.errors import LeadUnknownError, PersonRequiredError, RequestInvalidError
from serving.runtime.service import Service
from serving.transaction.plan import Plan, Seen, Wish
from serving.transaction.unit_of_work import record


@dataclass(frozen=True, slots=True, kw_only=True)
class Justification:
    """A reason of the short list, and words of one's own."""

    reason: str | None
    text: str | None

    @property
    def data(self) -> dict[str, JsonValue]:
        """The event's data: what of the two was given."""
        parts = {"reason": self.reason, "text": self.text}
        return {name: part for name, part in parts.items() if part}


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A person's statement: `about` is the event's data, `before` and `after` the
    audit's.

    `id` is the event's; `at` when it was made, if that was before it is recorded.
    """

    action: Action  # the event's kind as well
    by: Principal
    about: Mapping[str, JsonValue]
    why: Justification | None = None
    before: AuditFields | None = None
    after: AuditFields | None = None
    id: UUID
    at: datetime | None = None


def checked(
    judgement: Judgement, why: Justification, *, confirms: bool = False
) -> Justification:
    """A justification whose reason the list has, one that agrees only to confirm with;
    raises RequestInvalidError."""
    reason = judgement.reasons.get(why.reason or "")
    if reason is None or (reason.agrees and not confirms):
        raise RequestInvalidError("reason", "enum")
    if reason.needs_text and not why.text:
        raise RequestInvalidError("text", "missing")
    return Justification(reason=why.reason, text=why.text or None)


def record_statement(
    service: Service, lead_id: str, statement: Statement, now: datetime
) -> UUID:
    """Record a person's statement on a lead; returns the event's id.

    A statement whose id the log has already is not recorded again.

    Raises
    ------
    LeadUnknownError, PersonRequiredError
    """

    def plan(seen: Seen) -> Plan:
        lead = seen.leads.get(lead_id)
        if lead is None:
            raise LeadUnknownError(lead_id)
        return Plan() if seen.pairs else with_statement(Plan(), lead, statement, now)

    wish = Wish(
        lead_ids=frozenset({lead_id}),
        plan=plan,
        pairs=frozenset({(OWN_SOURCE, str(statement.id))}),
    )
    record(service, wish, now)
    return statement.id


def with_statement(
    plan: Plan, lead: LeadState, statement: Statement, now: datetime
) -> Plan:
    """The plan, and the statement with it; raises PersonRequiredError."""
    if not statement.by.is_person:
        raise PersonRequiredError
    why = statement.why
    kind, data = (
        statement.action.value,
        {**statement.about, **(why.data if why else {})},
    )
    event = own_event(statement.id, lead.lead_id, kind, statement.by, data, now)
    event = replace(event, occurred_at=statement.at or now)
    reason = {"reason": why.reason} if why and why.reason is not None else {}
    entry = AuditEntry(
        id=statement.id,
        action=statement.action,
        by=statement.by,
        subject=Subject(SubjectKind.LEAD, lead.id),
        lead=lead.id,
        before=statement.before,
        after=statement.after,
        why={"event": event.event_id, **reason},
    )
    judges = {lead.lead_id: statement.id} if judges_priority(event) else {}
    return replace(
        plan,
        arrivals=(*plan.arrivals, event),
        entries=(*plan.entries, (lead.lead_id, entry)),
        settled_by={**plan.settled_by, **judges},
    )
