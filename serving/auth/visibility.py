"""FastAPI dependencies of visibility: the leads that a caller may see."""

from typing import Annotated

from fastapi import Depends

from governance.people.roles import EVERYTHING, Visibility, visibility_of
from serving.auth.dependencies import Caller, TheCaller
from serving.database.engine import Store
from serving.errors import LeadIdAmbiguousError, LeadUnknownError
from serving.formats.lead_id import LeadInPath
from serving.repositories.api_keys import ApiKey, Scope
from serving.repositories.leads import find_whole, seen_among
from serving.repositories.persons import Person, names_in_team
from serving.runtime.dependencies import TheStore


def visibility_of_caller(store: TheStore, caller: TheCaller) -> Visibility:
    """A key sees every lead; a person, by role and team."""
    if not isinstance(caller, Person):
        return EVERYTHING
    with store.reading() as session:
        team = names_in_team(session, caller.team) if caller.team else frozenset()
    return visibility_of(caller.role, caller.name, team)


def require_visible(store: TheStore, caller: TheCaller, lead_id: LeadInPath) -> None:
    """Raises LeadUnknownError: whose lead it is, isn't told. One that was merged is
    seen by who sees the other."""
    visibility = visibility_of_caller(store, caller)
    if visibility == EVERYTHING:
        return
    with store.reading() as session:
        lead = find_whole(session, lead_id)
    if lead is None or not visibility.reaches(lead.owner):
        raise LeadUnknownError(lead_id)


def as_told(
    store: Store, caller: Caller, error: LeadIdAmbiguousError
) -> LeadIdAmbiguousError:
    """The refusal, which names no lead that the caller may not see."""
    if isinstance(caller, ApiKey):
        may_see = Scope.LEADS in caller.scopes
    else:
        visibility = visibility_of_caller(store, caller)
        with store.reading() as session:
            may_see = bool(seen_among(session, [error.other or ""], visibility))
    return error if may_see else LeadIdAmbiguousError(error.lead_id)


TheVisibility = Annotated[Visibility, Depends(visibility_of_caller)]
RequireVisible = Depends(require_visible)
