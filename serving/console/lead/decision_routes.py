"""The decisions that people make on Fiche: each form is a schema and one use case."""

from collections.abc import Callable, Mapping
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from fastapi.responses import RedirectResponse

from serving.automation.schemas import SuspensionSent
from serving.automation.suspension import resume_lead, suspend_lead
from serving.console.page.authentication import InSight, TheDecider, TheForm
from serving.console.page.form_parsing import Form, filled
from serving.console.page.rendering import address_of
from serving.decisions.concession import ConcessionRequest, concede
from serving.decisions.override import override
from serving.decisions.proposals import (
    confirm,
    dismiss,
    known_proposal,
    refuse_as_decider,
)
from serving.decisions.schemas import (
    ConcessionSent,
    DecisionSent,
    DismissalSent,
    MoveSent,
    NoteSent,
    OverrideSent,
)
from serving.decisions.stage_move import MoveRequest, move_stage
from serving.decisions.statement import FieldNote, add_note
from serving.errors import ProposalUnknownError, RouteUnknownError
from serving.formats.lead_id import LeadInPath
from serving.repositories.persons import Person
from serving.runtime.dependencies import TheService
from serving.runtime.service import Service

router = APIRouter(prefix="/opportunites/{lead_id}", dependencies=[InSight])


def _override(service: Service, lead_id: str, person: Person, form: Form) -> None:
    sent = filled(OverrideSent, form)
    override(service, sent.request(lead_id, person.principal), service.clock())


def _move(service: Service, lead_id: str, person: Person, form: Form) -> None:
    sent = filled(MoveSent, form)
    request = MoveRequest(lead_id=lead_id, by=person.principal, **dict(sent))
    move_stage(service, request, service.clock())


def _concede(service: Service, lead_id: str, person: Person, form: Form) -> None:
    sent = filled(ConcessionSent, form)
    request = ConcessionRequest(lead_id=lead_id, by=person.principal, **dict(sent))
    concede(service, request, service.clock())


def _suspend(service: Service, lead_id: str, person: Person, form: Form) -> None:
    suspension = filled(SuspensionSent, form).suspension(person.principal)
    suspend_lead(service, lead_id, suspension, service.clock())


def _resume(service: Service, lead_id: str, person: Person, _: Form) -> None:
    resume_lead(service, lead_id, person.principal, service.clock())


def _note(service: Service, lead_id: str, person: Person, form: Form) -> None:
    note = FieldNote(lead_id=lead_id, by=person, **dict(filled(NoteSent, form)))
    add_note(service, note, service.clock())


DECISIONS: Mapping[str, Callable[[Service, str, Person, Form], None]] = {
    "avis": _override,
    "etape": _move,
    "remise": _concede,
    "suspension": _suspend,
    "reprise": _resume,
    "note": _note,
}


@router.post("/{act}")
def decide(
    lead_id: LeadInPath,
    act: str,
    person: TheDecider,
    service: TheService,
    form: TheForm,
) -> Response:
    if act not in DECISIONS:
        raise RouteUnknownError
    DECISIONS[act](service, lead_id, person, form)
    return _done(lead_id)


def proposal_of_lead(
    lead_id: LeadInPath, proposal_id: UUID, person: TheDecider, service: TheService
) -> UUID:
    """A proposal on this lead, which the person may decide.

    Raises ProposalUnknownError.
    """
    refuse_as_decider(service.store, person, proposal_id)
    if known_proposal(service.store, proposal_id).lead_id != lead_id:
        raise ProposalUnknownError(str(proposal_id))
    return proposal_id


TheProposal = Annotated[UUID, Depends(proposal_of_lead)]


@router.post("/propositions/{proposal_id}/{act}")
def decide_proposal(
    lead_id: LeadInPath,
    act: str,
    person: TheDecider,
    service: TheService,
    form: TheForm,
    proposal: TheProposal,
) -> Response:
    by, now = person.principal, service.clock()
    if act == "confirmer":
        sent = filled(DecisionSent, form)
        confirm(service, proposal, by, sent.why, now, seen=sent.seen)
    elif act == "rejeter":
        dismiss(service, proposal, by, filled(DismissalSent, form).reason, now)
    else:
        raise RouteUnknownError
    return _done(lead_id)


def _done(lead_id: str) -> Response:
    return RedirectResponse(f"{address_of(lead_id)}?fait=1", status_code=303)
