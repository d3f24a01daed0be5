"""Pending decisions of the demo: changes that its CRM asked for and only people make.

Besides, a prospect answers late, so that a rule tells of it.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import uuid4

from features.event import Actor, Event
from governance.people.principal import Principal, PrincipalKind
from governance.policy.pipeline import StageRole
from serving.decisions.concession import ConcessionRequest, concede
from serving.decisions.stage_move import MoveRequest, move_stage
from serving.errors import ReservedForPeopleError
from serving.events.ingestion import ingest
from serving.repositories.events import stored_events
from serving.repositories.leads import LeadFilter, listed_leads
from serving.runtime.service import Service

_ASKED_BY = Principal(PrincipalKind.INTEGRATION, "CRM")
_STAGE = "proposition"  # where an offer is discussed
_OF_THE_PRICE = 15.0  # over the threshold: a person's
_DISCUSSED, _ALIGNED, _SILENT = (
    "Le devis est accepté sur le principe.",
    "Alignement sur un concurrent moins cher.",
    "Plus de nouvelles depuis longtemps.",
)

_LATE = timedelta(hours=72)  # R-03 of the rules that ship
_ENGAGED, _LATELY = 4, timedelta(days=14)
_LOOKED_AT = 200  # leads of an owner, the most urgent first

Ask = Callable[[Service, str, datetime], object]


def leave_decisions(service: Service, owner: str, now: datetime) -> int:
    """Have the CRM ask for what it may not do, on leads of this owner; how often."""
    with service.store.reading() as session:
        wanted = LeadFilter(owner=owner, stage=_STAGE)
        leads = listed_leads(session, wanted, limit=len(_ASKS), offset=0)
    for ask, lead in zip(_ASKS, leads, strict=False):
        with suppress(ReservedForPeopleError):
            ask(service, lead.lead_id, now)
    return len(leads)


def answer_late(service: Service, owner: str, now: datetime) -> bool:
    """An engaged prospect of this owner answers an e-mail of days ago; is there one?

    What follows is the rules' own doing.
    """
    with service.store.reading() as session:
        leads = listed_leads(
            session, LeadFilter(owner=owner), limit=_LOOKED_AT, offset=0
        )
        logs = ((lead, stored_events(session, [lead.id])) for lead in leads)
        late = next((lead for lead, log in logs if _is_waited_for(log, now)), None)
    if late is None:
        return False
    answer = Event(
        event_id=str(uuid4()),
        source="crm",
        lead_id=late.lead_id,
        kind="email_replied",
        occurred_at=now,
        received_at=now,
        actor=Actor.LEAD,
        data={"to": "relance"},
    )
    ingest(service, [answer], now)
    return True


def _is_waited_for(log: Sequence[Event], now: datetime) -> bool:
    """Tell whether an e-mail waits for long, of a lead that did other things since."""
    acts = [event for event in log if event.actor is Actor.LEAD]
    sent = [event.occurred_at for event in log if event.kind == "email_sent"]
    replied = [event.occurred_at for event in acts if event.kind == "email_replied"]
    lately = [event for event in acts if now - event.occurred_at < _LATELY]
    return (
        bool(sent)
        and now - max(sent) > _LATE
        and max(sent) > max(replied, default=datetime.min.replace(tzinfo=UTC))
        and len(lately) >= _ENGAGED
    )


def _ask_for_stage(
    role: StageRole, reason: str, service: Service, lead_id: str, now: datetime
) -> object:
    to = service.pipeline.of_role(role)
    request = MoveRequest(lead_id=lead_id, to=to, reason=reason, by=_ASKED_BY)
    return move_stage(service, request, now)


def _ask_for_concession(service: Service, lead_id: str, now: datetime) -> object:
    request = ConcessionRequest(
        lead_id=lead_id, percent=_OF_THE_PRICE, reason=_ALIGNED, by=_ASKED_BY
    )
    return concede(service, request, now)


_ASKS: tuple[Ask, ...] = (
    partial(_ask_for_stage, StageRole.FINAL_NEGOTIATION, _DISCUSSED),
    _ask_for_concession,
    partial(_ask_for_stage, StageRole.ABANDONED, _SILENT),
)
