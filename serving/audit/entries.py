"""What the audit notes of each change; `follows` is the note that it comes from."""

from uuid import UUID

from explanations.score import Priority, Score
from governance.audit.chain import SYSTEM, Action, Facts, Note, Subject, SubjectKind
from governance.people.principal import Principal, PrincipalKind
from governance.policy.actions import OpenProposal, ProposeConcession, ProposePriority
from governance.policy.effects import (
    CloseProposal,
    CloseTask,
    Decide,
    EscalateTask,
    Grant,
    HandOverTask,
    ProposalStatus,
    Requalify,
)
from governance.policy.task import OpenTask, TaskKind


def made_note(
    lead: UUID, made: Decide | Requalify | Grant, follows: UUID | None
) -> Note:
    """What was decided; it follows from the proposal that it makes, or from a word."""
    match made:
        case Decide():
            return decision_note(made, follows)
        case Requalify():
            return requalified_note(lead, made, follows)
        case Grant():
            return concession_note(made, follows)


def opened_note(
    opened: OpenProposal | ProposePriority | ProposeConcession, follows: UUID | None
) -> Note:
    """What is proposed, in place of what."""
    before: Facts | None
    match opened:
        case OpenProposal(origin=stage, to=proposed):
            before = {"stage": stage}
        case ProposePriority(origin=priority, to=proposed):
            before = {"priority": priority and priority.value}
        case ProposeConcession(percent=proposed):
            before = None
    return Note(
        id=opened.id,
        action=Action.PROPOSAL_OPENED,
        by=opened.asked_by,
        subject=Subject(SubjectKind.PROPOSAL, opened.id),
        before=before,
        after={"status": ProposalStatus.OPEN.value, "proposed": proposed},
        why={"clause": opened.clause.value},
        follows=follows,
    )


def decision_note(made: Decide, follows: UUID | None) -> Note:
    return Note(
        id=made.id,
        action=Action.STAGE_MOVED,
        by=made.signer,
        subject=Subject(SubjectKind.DECISION, made.id),
        before={"stage": made.origin},
        after={"stage": made.to},
        why={"clause": made.clause.value, "reserved": made.reserved},
        follows=follows,
    )


def concession_note(made: Grant, follows: UUID | None) -> Note:
    return Note(
        id=made.id,
        action=Action.CONCESSION_GRANTED,
        by=made.signer,
        subject=Subject(SubjectKind.DECISION, made.id),
        after={"percent": made.percent},
        why={"clause": made.clause.value, "reserved": made.reserved},
        follows=follows,
    )


def closing_note(ending: CloseProposal, follows: UUID) -> Note:
    return Note(
        action=Action.PROPOSAL_CLOSED,
        by=ending.by,
        subject=Subject(SubjectKind.PROPOSAL, ending.proposal_id),
        before={"status": ProposalStatus.OPEN.value},
        after={"status": ending.status.value},
        follows=follows,
    )


def task_note(opened: OpenTask, follows: UUID | None) -> Note:
    return Note(
        id=opened.id,
        action=Action.TASK_OPENED,
        by=SYSTEM,
        subject=Subject(SubjectKind.TASK, opened.id),
        after={
            "owner": Principal(PrincipalKind.PERSON, opened.owner),
            "expected": opened.expected.value,
            "due_on": opened.due_on.isoformat(),
        },
        why={"kind": opened.kind.value},
        follows=follows,
    )


def task_ended_note(task_id: UUID, kind: TaskKind, follows: UUID) -> Note:
    """A task that ends with the proposal that it called for, or with its lead."""
    return Note(
        action=Action.TASK_CLOSED,
        by=SYSTEM,
        subject=Subject(SubjectKind.TASK, task_id),
        before={"status": "open"},
        after={"status": "closed"},
        why={"kind": kind.value},
        follows=follows,
    )


def later_task_note(effect: CloseTask | EscalateTask | HandOverTask) -> Note:
    """A task that was opened before is closed by a person, or goes to somebody else:
    to the manager, or with its lead, which follows from the fact that told so."""
    follows: UUID | None = effect.task_id
    match effect:
        case CloseTask(by=by):
            action = Action.TASK_CLOSED
            before: Facts = {"status": "open"}
            after: Facts = {"status": "closed"}
        case EscalateTask(origin=origin, to=to):
            action, by = Action.TASK_ESCALATED, SYSTEM
            before = {"owner": Principal(PrincipalKind.PERSON, origin)}
            after = {"owner": Principal(PrincipalKind.PERSON, to)}
        case HandOverTask(origin=origin, to=to):
            action, by, follows = Action.TASK_HANDED_OVER, SYSTEM, None
            before = {"owner": Principal(PrincipalKind.PERSON, origin)}
            after = {"owner": Principal(PrincipalKind.PERSON, to)}
    return Note(
        action=action,
        by=by,
        subject=Subject(SubjectKind.TASK, effect.task_id),
        before=before,
        after=after,
        follows=follows,
    )


def priority_note(
    lead: UUID,
    before: Priority | None,
    to: Priority,
    score: Score | None,
    follows: UUID | None,
) -> Note:
    return Note(
        action=Action.PRIORITY_CHANGED,
        by=SYSTEM,
        subject=Subject(SubjectKind.LEAD, lead),
        before={"priority": before and before.value},
        after={"priority": to.value},
        why={} if score is None else _of_score(score),
        follows=follows,
    )


def requalified_note(lead: UUID, made: Requalify, follows: UUID | None) -> Note:
    return Note(
        id=made.id,
        action=Action.PRIORITY_CHANGED,
        by=made.signer,
        subject=Subject(SubjectKind.LEAD, lead),
        before={"priority": made.origin and made.origin.value},
        after={"priority": made.to.value},
        why={"clause": made.clause.value},
        follows=follows,
    )


def _of_score(score: Score) -> Facts:
    """Why, in codes and numbers; the sentences stay with the score."""
    return {
        "score": score.score,
        "base": score.base,
        "grade": score.grade.value,
        "reasons": [
            {
                "idea": told.reason.idea,
                "direction": told.reason.way.value,
                "points": told.reason.points,
                "check": told.reason.check.value,
            }
            for told in score.reasons
        ],
        "other_points": score.other_points,
        "doubts": [told.doubt.value for told in score.doubts],
        "model": score.model.name,
        "model_version": score.model.version,
        "model_sha256": score.model.sha256,
    }
