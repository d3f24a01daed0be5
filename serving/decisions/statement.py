"""What a person says of a lead: an event of our own in the log, and an audit row.

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
class Why:
    """A reason of the short list, and words of one's own."""

    reason: str | None
    text: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A person's word: `about` is the event's data, `before` and `after` the audit's.

    `id` is the event's; `at` when it was said, if that was before it is recorded.
    """

    action: Action  # the event's kind as well
    by: Principal
    about: Mapping[str, JsonValue]
    why: Why | None = None
    before: AuditFields | None = None
    after: AuditFields | None = None
    id: UUID
    at: datetime | None = None

    @property
    def data(self) -> dict[str, JsonValue]:
        if self.why is None:
            return {**self.about}
        given = {"reason": self.why.reason, "text": self.why.text}
        return {**self.about, **{name: said for name, said in given.items() if said}}


def checked(judgement: Judgement, why: Why, *, confirms: bool = False) -> Why:
    """A reason that the list has, one that agrees only to confirm with; raises
    RequestInvalidError."""
    reason = judgement.reasons.get(why.reason or "")
    if reason is None or (reason.agrees and not confirms):
        raise RequestInvalidError("reason", "enum")
    if reason.needs_text and not why.text:
        raise RequestInvalidError("text", "missing")
    return Why(reason=why.reason, text=why.text or None)


def say(service: Service, lead_id: str, word: Word, now: datetime) -> UUID:
    """Record a person's word on a lead; returns the event's id.

    A word whose id the log has already is not recorded again.

    Raises
    ------
    LeadUnknownError, PersonRequiredError
    """
    its_event = frozenset({(OWN_SOURCE, str(word.id))})

    def plan(seen: Seen) -> Plan:
        lead = seen.leads.get(lead_id)
        if lead is None:
            raise LeadUnknownError(lead_id)
        return Plan() if seen.pairs else saying(Plan(), lead, word, now)

    wish = Wish(lead_ids=frozenset({lead_id}), plan=plan, pairs=its_event)
    record(service, wish, now)
    return word.id


def saying(plan: Plan, lead: LeadState, word: Word, now: datetime) -> Plan:
    """The plan, and the word with it."""
    if not word.by.is_person:
        raise PersonRequiredError
    kind = word.action.value
    event = own_event(word.id, lead.lead_id, kind, word.by, word.data, now)
    event = replace(event, occurred_at=word.at or now)
    listed = None if word.why is None else word.why.reason
    reason = {} if listed is None else {"reason": listed}
    entry = AuditEntry(
        id=word.id,
        action=word.action,
        by=word.by,
        subject=Subject(SubjectKind.LEAD, lead.id),
        lead=lead.id,
        before=word.before,
        after=word.after,
        why={"event": event.event_id, **reason},
    )
    judges = {lead.lead_id: word.id} if judges_priority(event) else {}
    return replace(
        plan,
        arrivals=(*plan.arrivals, event),
        entries=(*plan.entries, (lead.lead_id, entry)),
        settled_by={**plan.settled_by, **judges},
    )
