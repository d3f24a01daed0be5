"""Builder of the audit's entries: one for each change of a lead, after its cause."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from uuid import UUID, uuid4

from pydantic import JsonValue

from explanations.score import Score
from features.event import Event
from governance.audit.chain import (
    SYSTEM,
    Action,
    AuditEntry,
    AuditFields,
    Subject,
    SubjectKind,
    text_digest,
)
from governance.people.principal import Principal, PrincipalKind
from governance.policy.actions import (
    Assign,
    AutomaticAction,
    Notify,
    OpenProposal,
    ProposeConcession,
    ProposePriority,
    SetPriority,
)
from governance.policy.effects import (
    BreakGlass,
    CloseProposal,
    CloseTask,
    Decide,
    Effect,
    EndTask,
    EscalateTask,
    Grant,
    HandOverTask,
    ObserveAgreement,
    ObserveMerger,
    ObserveMove,
    ObserveNoOwner,
    ObserveRemoval,
    PlannedEffect,
    ProposalStatus,
    Requalify,
    Resume,
    Suspend,
)
from governance.policy.task import OpenTask, TaskKind, TaskStatus
from governance.rules.outcome import Outcome, RuleResult
from governance.rules.ruleset import Rules

_NOTHING: AuditFields = {}
Observed = (
    ObserveMove | ObserveAgreement | ObserveNoOwner | ObserveRemoval | ObserveMerger
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditContext:
    """The lead, and by what automation goes there. `decided`: what a person decided of
    its priority in the same call."""

    lead: UUID
    rules: Rules
    score: Score | None
    decided: UUID | None


def effect_entries(
    context: AuditContext, planned: PlannedEffect, ended: Iterable[UUID] = ()
) -> Iterator[AuditEntry]:
    """The entries of an effect that was carried out; `ended`: the tasks that it
    closed."""
    if isinstance(planned.effect, Suspend | Resume):
        return  # a person's word, which has an entry of its own
    entry = _entry(context, planned.effect, planned.follows)
    yield entry
    for task_id in ended:
        task = EndTask(task_id, TaskKind.DECISION_RESERVED)
        yield _entry(context, task, follows=entry.id)


def exception_entry(
    context: AuditContext, task: OpenTask, latest: Event | None
) -> AuditEntry:
    """The entry of an exception's task: it follows from the latest event."""
    why = {"kind": task.kind, **_score_fields(context.score)}
    return replace(_entry(context, task, latest), why=why)


def outcome_entries(context: AuditContext, outcome: Outcome) -> Iterator[AuditEntry]:
    """The entries of what automation did: why it stopped, if so, and the effect."""
    is_fired = outcome.result is RuleResult.FIRED
    follows = _outcome_cause(context, outcome)
    why = _outcome_fields(context, outcome)
    if not is_fired:
        stop = AuditEntry(
            action=_stop_action(outcome),
            by=outcome.by,
            subject=Subject(SubjectKind.LEAD, context.lead),
            lead=context.lead,
            why=why,
            follows=follows,
        )
        yield stop
        follows = stop.id
    if outcome.effect is not None:
        entry = _entry(context, outcome.effect.action, follows)
        entry = replace(entry, id=outcome.effect.id)
        if is_fired and outcome.rule_id is not None:  # the rule's own doing
            entry = replace(entry, by=outcome.by, why={**entry.why, **why})
        yield entry


def _outcome_cause(context: AuditContext, outcome: Outcome) -> UUID | Event | None:
    if outcome.cause.depth:
        return UUID(outcome.cause.causation)
    decided = context.decided if outcome.rule_id is None else None
    return decided or outcome.event


def _stop_action(outcome: Outcome) -> Action:
    if outcome.result is RuleResult.ECHO:
        return Action.ECHO_SEEN
    return Action.PRIORITY_KEPT if outcome.rule_id is None else Action.RULE_STOPPED


def _outcome_fields(context: AuditContext, outcome: Outcome) -> AuditFields:
    fields: dict[str, str | int | None] = {"fate": outcome.result}
    if outcome.rule_id is not None:
        fields |= {
            "rule": outcome.rule_id,
            "rules_version": context.rules.version,
            "rules_sha256": context.rules.digest,
        }
    if outcome.winner is not None:
        fields["winner"] = outcome.winner
    if outcome.source is not None:
        fields["source"] = outcome.source
    elif not outcome.cause.depth:
        fields["set_off_by"] = "time"
    if outcome.effect is not None:
        fields["clause"] = outcome.effect.ruling.clause
    return {**fields, **_score_fields(context.score)}


# --- The entry of one effect ----------------------------------------------------


def _entry(
    context: AuditContext,
    effect: Effect | AutomaticAction,
    follows: UUID | Event | None,
) -> AuditEntry:
    return replace(_change(context, effect), lead=context.lead, follows=follows)


def _change(context: AuditContext, effect: Effect | AutomaticAction) -> AuditEntry:
    match effect:
        case Decide() | Grant() | BreakGlass():
            return _decision(effect)
        case OpenProposal() | ProposePriority() | ProposeConcession():
            return _opened_proposal(effect)
        case CloseProposal(proposal_id=proposal_id):
            return AuditEntry(
                action=Action.PROPOSAL_CLOSED,
                by=effect.by,
                subject=Subject(SubjectKind.PROPOSAL, proposal_id),
                before={"status": ProposalStatus.OPEN},
                after={"status": effect.status},
            )
        case OpenTask():
            return _opened_task(effect)
        case CloseTask() | EndTask() | EscalateTask() | HandOverTask():
            return _task_change(effect)
        case _:
            return _lead_change(context, effect)


def _decision(decision: Decide | Grant | BreakGlass) -> AuditEntry:
    if isinstance(decision, BreakGlass):
        return _broken_glass(decision)
    before: AuditFields | None = None
    after: AuditFields
    why: dict[str, JsonValue | Principal] = {
        "clause": decision.clause,
        "reserved": decision.reserved,
    }
    if decision.reason:
        why["reason_sha256"] = text_digest(decision.salt, decision.reason)
    match decision:
        case Decide(lost_reason=lost_reason):
            action = Action.STAGE_MOVED
            if lost_reason is not None:
                why["lost_reason"] = lost_reason
            before, after = {"stage": decision.origin}, {"stage": decision.to}
        case Grant():
            action, after = Action.CONCESSION_GRANTED, {"percent": decision.percent}
    return AuditEntry(
        id=decision.id,
        action=action,
        by=decision.signer,
        subject=Subject(SubjectKind.DECISION, decision.id),
        before=before,
        after=after,
        why=why,
    )


def _broken_glass(broken: BreakGlass) -> AuditEntry:
    return AuditEntry(
        id=broken.id,
        action=Action.GLASS_BROKEN,
        by=broken.by,
        subject=Subject(SubjectKind.BREAK_GLASS, broken.id),
        after={"decides": broken.by.decides},
        why={"reason_sha256": text_digest(broken.salt, broken.reason)},
    )


def _opened_proposal(
    opened: OpenProposal | ProposePriority | ProposeConcession,
) -> AuditEntry:
    """What is proposed, in place of what."""
    before: AuditFields | None
    match opened:
        case OpenProposal(origin=stage, to=proposed):
            before = {"stage": stage}
        case ProposePriority(origin=priority, to=proposed):
            before = {"priority": priority}
        case ProposeConcession(percent=proposed):
            before = None
    return AuditEntry(
        id=opened.id,
        action=Action.PROPOSAL_OPENED,
        by=opened.asked_by,
        subject=Subject(SubjectKind.PROPOSAL, opened.id),
        before=before,
        after={"status": ProposalStatus.OPEN, "proposed": proposed},
        why={"clause": opened.clause},
    )


def _opened_task(opened: OpenTask) -> AuditEntry:
    return AuditEntry(
        id=opened.id,
        action=Action.TASK_OPENED,
        by=SYSTEM,
        subject=Subject(SubjectKind.TASK, opened.id),
        after={
            "owner": _person(opened.owner),
            "expected": opened.expected,
            "due_on": opened.due_on.isoformat(),
        },
        why={"kind": opened.kind},
    )


def _task_change(
    effect: CloseTask | EndTask | EscalateTask | HandOverTask,
) -> AuditEntry:
    by, why = SYSTEM, _NOTHING
    before: AuditFields = {"status": TaskStatus.OPEN}
    after: AuditFields = {"status": TaskStatus.CLOSED}
    match effect:
        case CloseTask(by=by):
            action = Action.TASK_CLOSED
        case EndTask(kind=kind):
            action, why = Action.TASK_CLOSED, {"kind": kind}
        case EscalateTask(origin=origin, to=to) | HandOverTask(origin=origin, to=to):
            is_late = isinstance(effect, EscalateTask)
            action = Action.TASK_ESCALATED if is_late else Action.TASK_HANDED_OVER
            before, after = {"owner": _person(origin)}, {"owner": _person(to)}
    return AuditEntry(
        action=action,
        by=by,
        subject=Subject(SubjectKind.TASK, effect.task_id),
        before=before,
        after=after,
        why=why,
    )


def _lead_change(context: AuditContext, effect: Effect | AutomaticAction) -> AuditEntry:
    if isinstance(effect, Observed):
        return _observed(context.lead, effect)
    by, why = SYSTEM, _NOTHING
    before: AuditFields | None
    after: AuditFields
    match effect:
        case Requalify() | SetPriority():
            action, why = Action.PRIORITY_CHANGED, _explanation(context.score)
            before, after = {"priority": effect.origin}, {"priority": effect.to}
            if isinstance(effect, Requalify):
                by, why = effect.signer, {"clause": effect.clause}
        case Assign(origin=origin, to=to):
            action = Action.OWNER_CHANGED
            before, after = {"owner": _person(origin)}, {"owner": _person(to)}
        case Notify(to=to):
            action, before, after = Action.NOTICE_SENT, None, {"to": _person(to)}
        case _:
            raise AssertionError(f"no entry tells of {effect}")
    return AuditEntry(
        id=effect.id if isinstance(effect, Requalify) else uuid4(),
        action=action,
        by=by,
        subject=Subject(SubjectKind.LEAD, context.lead),
        before=before,
        after=after,
        why=why,
    )


def _observed(lead: UUID, observed: Observed) -> AuditEntry:
    id, why = uuid4(), _NOTHING
    before: AuditFields
    after: AuditFields
    match observed:
        case ObserveMove(id=id):
            action, why = Action.STAGE_OBSERVED, _observed_fields(observed)
            before, after = {"stage": observed.origin}, {"stage": observed.to}
            if observed.contradicts:  # the stage stays
                action, after = Action.DECISION_CONTRADICTED, {"observed": observed.to}
        case ObserveAgreement(origin=origin):
            action = Action.CONTRADICTION_ENDED
            before, after = {"observed": origin}, {"observed": None}
        case ObserveNoOwner(origin=origin):
            action = Action.OWNER_CHANGED
            before, after = {"owner": _person(origin)}, {"owner": None}
        case ObserveMerger(merged=merged):
            action, before, after = Action.LEAD_ABSORBED, {}, {"merged": str(merged)}
        case ObserveRemoval(id=id):
            action, why = Action.LEAD_REMOVED, _observed_fields(observed)
            before, after = {"removal": observed.origin}, _removal_fields(observed)
            if observed.to is None:
                action = Action.LEAD_RESTORED
    return AuditEntry(
        id=id,
        action=action,
        by=observed.by,
        subject=Subject(SubjectKind.LEAD, lead),
        before=before,
        after=after,
        why=why,
    )


def _removal_fields(observed: ObserveRemoval) -> AuditFields:
    """What became of the lead, and of which it is part then."""
    into = {} if observed.into is None else {"into": str(observed.into)}
    return {"removal": observed.to, **into}


def _observed_fields(observed: ObserveMove | ObserveRemoval) -> AuditFields:
    """Who did it as far as known; of a history nobody asks."""
    fields: dict[str, str | Principal] = {"actor": observed.actor}
    if observed.assurance is not None:
        fields["assurance"] = observed.assurance
    if observed.vouched is not None:
        by_key = Principal(PrincipalKind.INTEGRATION, observed.vouched.key_id)
        fields["vouched_by"] = by_key
        fields["vouched_for"] = Principal(PrincipalKind.PERSON, observed.vouched.who)
    if isinstance(observed, ObserveMove) and observed.vouched_stage is not None:
        fields["vouched_stage"] = observed.vouched_stage
    return fields


def _person(name: str | None) -> Principal | None:
    return None if name is None else Principal(PrincipalKind.PERSON, name)


def _explanation(score: Score | None) -> AuditFields:
    """Why, in codes and numbers; the sentences stay with the score."""
    if score is None:
        return {}
    return {
        "base": score.base,
        "grade": score.grade,
        "reasons": [
            {
                "idea": texted.reason.idea,
                "direction": texted.reason.way,
                "points": texted.reason.points,
                "check": texted.reason.check,
            }
            for texted in score.reasons
        ],
        "other_points": score.other_points,
        "doubts": [texted.doubt for texted in score.doubts],
        **_score_fields(score),
    }


def _score_fields(score: Score | None) -> AuditFields:
    if score is None:
        return {}
    return {
        "score": score.score,
        "model": score.model.name,
        "model_version": score.model.version,
        "model_sha256": score.model.sha256,
    }
