"""A lead that comes to its end: what still waited for a person there ends with it."""

from collections.abc import Iterator, Mapping

from sqlalchemy.orm import Session

from governance.audit import SYSTEM
from governance.decision import (
    CloseProposal,
    Effect,
    EndTask,
    ProposalStatus,
)
from governance.pipeline import Pipeline
from governance.task import TaskKind
from serving.lead_state import LeadState
from serving.plans import Plan, Seen
from serving.tasks import Task, tasks_of


def with_endings(
    session: Session,
    seen: Seen,
    plan: Plan,
    leads: Mapping[str, LeadState],
    pipeline: Pipeline,
) -> Plan:
    """The plan, and the end of what is open on the leads that it closes.

    A task that the plan itself opens stays: a reserved move seen in the CRM is for a
    person to look at, though it closed the lead.
    """
    ended = [
        before
        for name, before in seen.leads.items()
        if name in leads
        and not _closes(before.stage, pipeline)
        and _closes(leads[name].stage, pipeline)
    ]
    return plan.with_effects(
        (lead.lead_id, effect)
        for lead in ended
        for effect in _endings(lead, tasks_of(session, lead.id), plan)
    )


def _endings(lead: LeadState, tasks: list[Task], plan: Plan) -> Iterator[Effect]:
    """A proposal's tasks end with it; what the plan ends already ends once."""
    for waiting in lead.waiting:
        if not plan.ends_proposal(waiting.id):
            yield CloseProposal(
                proposal_id=waiting.id,
                status=ProposalStatus.EXPIRED,
                by=SYSTEM,
                reason=None,
            )
    for task in tasks:
        if task.proposal_id is None and not plan.ends_task(task.id):
            yield EndTask(task_id=task.id, kind=TaskKind(task.kind))


def _closes(stage: str, pipeline: Pipeline) -> bool:
    known = pipeline.by_name.get(stage)  # None: it has left the file
    return known is not None and known.closes
