"""Decisions that wait in the demo: what its CRM asked for, and only a person may do."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from governance.pipeline import StageRole
from governance.principal import Principal, PrincipalKind
from serving.conceding import ConcessionAsked, concede
from serving.errors import ReservedForPeopleError
from serving.leads import LeadFilter, listed_leads
from serving.moves import MoveAsked, move_stage
from serving.service import Service

_ASKED_BY = Principal(PrincipalKind.INTEGRATION, "CRM")
_STAGE = "proposition"  # where an offer is discussed
_OF_THE_PRICE = 15.0  # over the threshold: a person's
_DISCUSSED, _ALIGNED, _SILENT = (
    "Le devis est accepté sur le principe.",
    "Alignement sur un concurrent moins cher.",
    "Plus de nouvelles depuis longtemps.",
)

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


def _negotiate(service: Service, lead_id: str, now: datetime) -> object:
    to = service.pipeline.of_role(StageRole.FINAL_NEGOTIATION)
    asked = MoveAsked(lead_id=lead_id, to=to, reason=_DISCUSSED, by=_ASKED_BY)
    return move_stage(service, asked, now)


def _lower_the_price(service: Service, lead_id: str, now: datetime) -> object:
    asked = ConcessionAsked(
        lead_id=lead_id, percent=_OF_THE_PRICE, reason=_ALIGNED, by=_ASKED_BY
    )
    return concede(service, asked, now)


def _abandon(service: Service, lead_id: str, now: datetime) -> object:
    to = service.pipeline.of_role(StageRole.ABANDONED)
    asked = MoveAsked(lead_id=lead_id, to=to, reason=_SILENT, by=_ASKED_BY)
    return move_stage(service, asked, now)


_ASKS: tuple[Ask, ...] = (_negotiate, _lower_the_price, _abandon)
