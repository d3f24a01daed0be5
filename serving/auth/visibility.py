"""Which leads a caller sees, as the routes ask it."""

from typing import Annotated

from fastapi import Depends

from governance.people.roles import EVERYTHING, Sight, sight_of
from serving.auth.dependencies import Caller, TheCaller, TheService
from serving.errors import (
    LeadUnknownError,
)
from serving.repositories.leads import find_lead
from serving.repositories.persons import Person, names_in_team
from serving.runtime.service import Service


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


def _sight(service: TheService, caller: TheCaller) -> Sight:
    return sight_of_caller(service, caller)


def _in_sight(lead_id: str, service: TheService, caller: TheCaller) -> None:
    refuse_unseen(service, caller, lead_id)


TheSight = Annotated[Sight, Depends(_sight)]
InSight = Depends(_in_sight)
