"""What people decide on a lead: each form makes the call of the HTTP interface."""

from collections.abc import Callable, Mapping
from uuid import UUID

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from serving.body import Body
from serving.console.callers import InSight, TheDecider, TheForm
from serving.console.forms import body_of
from serving.console.pages import address_of
from serving.deciding import found_proposal
from serving.doors import Caller, TheService
from serving.errors import ProposalUnknownError, RouteUnknownError
from serving.person import Person
from serving.routes_decisions import (
    confirm_proposal,
    dismiss_proposal,
    post_stage_move,
)
from serving.routes_judgement import (
    add_note,
    override,
    resume_automation,
    suspend_automation,
)
from serving.routes_reserved import post_concession
from serving.service import Service
from serving.sights import refuse_as_decider

router = APIRouter(prefix="/opportunites/{lead_id}", dependencies=[InSight])

Call = Callable[[str, Caller, Service, Body], object]


def _end_suspension(lead_id: str, person: Caller, service: Service, _: Body) -> None:
    resume_automation(lead_id, person, service)


CALLS: Mapping[str, Call] = {
    "avis": override,
    "etape": post_stage_move,
    "remise": post_concession,
    "suspension": suspend_automation,
    "reprise": _end_suspension,
    "note": add_note,
}
DECISIONS: Mapping[str, Callable[[UUID, Person, Service, Body], object]] = {
    "confirmer": confirm_proposal,
    "rejeter": dismiss_proposal,
}


@router.post("/{act}")
def decide(
    lead_id: str, act: str, person: TheDecider, service: TheService, form: TheForm
) -> Response:
    if act not in CALLS:
        raise RouteUnknownError
    CALLS[act](lead_id, person, service, body_of(form))
    return _done(lead_id)


@router.post("/propositions/{proposal_id}/{act}")
def decide_proposal(
    lead_id: str,
    proposal_id: UUID,
    act: str,
    person: TheDecider,
    service: TheService,
    form: TheForm,
) -> Response:
    if act not in DECISIONS:
        raise RouteUnknownError
    refuse_as_decider(service, person, proposal_id)
    if found_proposal(service, proposal_id).lead_id != lead_id:
        raise ProposalUnknownError(str(proposal_id))
    DECISIONS[act](proposal_id, person, service, body_of(form))
    return _done(lead_id)


def _done(lead_id: str) -> Response:
    return RedirectResponse(f"{address_of(lead_id)}?fait=1", status_code=303)
