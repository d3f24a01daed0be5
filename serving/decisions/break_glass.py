"""Emergency access: an administrator acts for want of anybody else, and says why.

It is never the person's own doing: it has a principal of its own, and the manager is
called to look at it.
"""

from datetime import datetime
from uuid import UUID, uuid4

from features.free_text import is_blank
from governance.leads.state import LeadState
from governance.people.principal import Principal, break_glass_of
from governance.people.roles import Role
from governance.policy.business_days import due_date
from governance.policy.effects import BreakGlass, PlannedEffect
from governance.policy.task import ExpectedAction, OpenTask, TaskKind
from serving.decisions.guarded_request import change_lead
from serving.decisions.proposals import known_proposal
from serving.errors import RequestInvalidError, RoleMissingError
from serving.http.messages_fr import GLASS_BROKEN
from serving.repositories.persons import Person, managers_of
from serving.runtime.service import Service
from serving.transaction.plan import Plan

_WORKING_DAYS = 1  # to look at it


def break_glass(
    service: Service, admin: Person, proposal_id: UUID, reason: str, now: datetime
) -> Principal:
    """Record that an administrator goes past people on a proposal, and open a task for
    the manager; returns who signs from then on.

    Raises RoleMissingError, ProposalUnknownError, and RequestInvalidError without a
    reason.
    """
    if admin.role is not Role.ADMIN:
        raise RoleMissingError
    if is_blank(reason):
        raise RequestInvalidError("reason", "string_too_short")
    lead_id = known_proposal(service.store, proposal_id).lead_id
    by = break_glass_of(admin.login, decides=service.settings.break_glass_decides)
    broken = BreakGlass(id=uuid4(), login=admin.login, by=by, reason=reason.strip())

    def plan(lead: LeadState) -> Plan:
        task = _task(service, lead, admin, now)
        return Plan(
            effects=(
                PlannedEffect(lead_id, broken, follows=proposal_id),
                PlannedEffect(lead_id, task, follows=broken.id),
            ),
        )

    change_lead(service, lead_id, plan, now)
    return by


def _task(service: Service, lead: LeadState, admin: Person, now: datetime) -> OpenTask:
    owner = lead.owner or ""
    with service.store.reading() as session:
        managers = managers_of(session, [owner])
    fallback = service.automation.assignees.manager_or_fallback
    return OpenTask(
        id=uuid4(),
        kind=TaskKind.GLASS_BROKEN,
        owner=managers.get(owner, fallback),
        expected=ExpectedAction.ARBITRATE,
        due_on=due_date(now, _WORKING_DAYS),
        why=GLASS_BROKEN.format(login=admin.login),
    )
