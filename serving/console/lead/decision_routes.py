"""What people decide on a lead: each form makes the call of the HTTP interface."""

from collections.abc import Callable, Mapping
from uuid import UUID

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from serving.auth.dependencies import Caller
from serving.automation.suspension_routes import resume_automation, suspend_automation
from serving.console.page.authentication import InSight, TheDecider, TheForm
from serving.console.page.form_parsing import body_of
from serving.console.page.rendering import address_of
from serving.decisions.feedback_routes import (
    add_note,
    override,
)
from serving.decisions.proposals import found_proposal, refuse_as_decider
from serving.decisions.reserved_routes import post_concession
from serving.decisions.routes import (
    confirm_proposal,
    dismiss_proposal,
    post_stage_move,
)
from serving.errors import ProposalUnknownError, RouteUnknownError
from serving.http.request_body import Body
from serving.repositories.persons import Person
from serving.runtime.dependencies import TheService
from serving.runtime.service import Service

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
