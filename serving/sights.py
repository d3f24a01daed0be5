"""Which leads a caller sees, as the routes ask it."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends

from governance.person import DECIDERS, EVERYTHING, Sight, sight_of
from serving.deciding import found_proposal
from serving.doors import Caller, TheCaller, TheService
from serving.errors import (
    LeadUnknownError,
    ProposalUnknownError,
    RoleMissingError,
)
from serving.leads import find_lead
from serving.people import names_in_team
from serving.person import Person
from serving.service import Service


def sight_of_caller(service: Service, caller: Caller) -> Sight:
    """A key sees every lead; a person, by role and team."""
    if not isinstance(caller, Person):
        return EVERYTHING
    with service.store.reading() as session:
        team = names_in_team(session, caller.team) if caller.team else frozenset()
    return sight_of(caller.role, caller.name, team)


def refuse_unseen(service: Service, caller: Caller, lead_id: str) -> None:
    """Raises LeadUnknownError: whose lead it is, isn't told."""
    sight = sight_of_caller(service, caller)
    if sight == EVERYTHING:
        return
    with service.store.reading() as session:
        found = find_lead(session, lead_id)
    if found is None or not sight.reaches(found.owner):
        raise LeadUnknownError(lead_id)


def refuse_as_decider(service: Service, person: Person, proposal_id: UUID) -> None:
    """Who decides a proposal decides on leads, and sees this one.

    Raises
    ------
    RoleMissingError, ProposalUnknownError
    """
    if person.role not in DECIDERS:
        raise RoleMissingError
    try:
        refuse_unseen(service, person, found_proposal(service, proposal_id).lead_id)
    except LeadUnknownError as error:
        raise ProposalUnknownError(str(proposal_id)) from error


def _sight(service: TheService, caller: TheCaller) -> Sight:
    return sight_of_caller(service, caller)


def _in_sight(lead_id: str, service: TheService, caller: TheCaller) -> None:
    refuse_unseen(service, caller, lead_id)


TheSight = Annotated[Sight, Depends(_sight)]
InSight = Depends(_in_sight)
