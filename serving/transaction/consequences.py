"""Consequences of a call for its leads: gathers what is known, and takes the lead step.

Nothing is written here.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import uuid4

from explanations.score import Score
from features.event import Event
from governance.leads.automation_context import AutomationContext
from governance.leads.state import LeadState, ending_of
from governance.leads.step import Arrivals, LeadStep, ScoreSummary, hours_ahead, step
from governance.people.feedback import OverrideStanding
from governance.policy.actions import OpenProposal, ProposePriority
from governance.policy.business_days import due_date
from governance.policy.effects import EndTask, Suspend
from governance.policy.task import ExpectedAction, OpenTask, TaskKind
from governance.rules.cascade import own_write
from governance.rules.outcome import Outcome
from serving.runtime.served_model import Explains
from serving.transaction.draft import Draft
from serving.transaction.measures import LeadMeasures


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequences:
    """A lead as it will stand; what to carry out, and to tell the log.

    `decisions` are the tasks that call for one, `exceptions` those that follow from the
    `latest` event.
    """

    lead: LeadState
    score: Score | None = None
    outcomes: tuple[Outcome, ...] = ()
    decisions: tuple[OpenTask, ...] = ()
    exceptions: tuple[OpenTask, ...] = ()
    latest: Event | None = None
    written: tuple[Event, ...] = ()


def consequences_of(
    draft: Draft,
    context: AutomationContext,
    explainer: Explains | None,
    scores: Mapping[str, Score],
    decision_days: int,
    now: datetime,
) -> dict[str, Consequences]:
    """What follows for each lead that a plan touches, by its external id.

    In `decision_days` working days a person is to decide on what is proposed.
    """
    measuring = LeadMeasures(context.rules, context.cases, explainer, draft)
    follows = {
        name: Consequences(
            lead=_with_effects(draft, lead) if lead.is_unscored else lead
        )
        for name, lead in draft.leads.items()
    }
    for name in draft.moments:
        lead, score = _with_effects(draft, draft.leads[name]), scores.get(name)
        arrivals = _arrivals(draft, lead, measuring, now)
        done = step(context, lead, arrivals, _read(score), now)
        if score is not None and explainer is not None:
            score = _with_priority(explainer, context, score, lead, done)
        follows[name] = Consequences(
            lead=done.state,
            score=score,
            outcomes=done.outcomes,
            decisions=tuple(_decisions(done, context, lead.owner, decision_days)),
            exceptions=done.exceptions,
            latest=arrivals.latest,
            written=tuple(_own_writes(done)),
        )
    return follows


# --- What is known ----------------------------------------------------------


def _with_effects(draft: Draft, lead: LeadState) -> LeadState:
    """The lead once the call's own effects are carried out, as far as it decides."""
    effects, history = draft.plan.effects_on(lead.lead_id), lead.history
    ended = {e.kind.value for e in effects if isinstance(e, EndTask)}
    requalified = draft.plan.priority_given(lead.lead_id)
    return replace(
        lead,
        priority=lead.priority if requalified is None else requalified.to,
        history=replace(
            history,
            suspended_rules=draft.suspended_rules,
            is_suspended=history.is_suspended
            or any(isinstance(effect, Suspend) for effect in effects),
            open_tasks=history.open_tasks - ended,
        ),
    )


def _arrivals(
    draft: Draft, lead: LeadState, measuring: LeadMeasures, now: datetime
) -> Arrivals:
    arrived = draft.plan.arrivals_of(lead.lead_id)
    live = [event for event in arrived if event.received_at == now]
    return Arrivals(
        live=live,
        backfilled=[event for event in arrived if event.received_at != now],
        known=draft.events[lead.lead_id],
        requalification=draft.plan.priority_given(lead.lead_id),
        clock_ahead_hours=hours_ahead(live),
        measures=measuring.measures(lead.lead_id),
        usual_hours=measuring.usual_hours(lead.lead_id),
    )


def _read(score: Score | None) -> ScoreSummary | None:
    if score is None:
        return None
    return ScoreSummary(
        points=score.score,
        grade=score.grade,
        priority=score.priority,
        doubts=frozenset(texted.doubt for texted in score.doubts),
    )


# --- What follows -----------------------------------------------------------


def _decisions(
    done: LeadStep, context: AutomationContext, lead_owner: str | None, days: int
) -> Iterator[OpenTask]:
    """Who is to decide each of the proposals."""
    for outcome in done.outcomes:
        match outcome.effect and outcome.effect.action:
            case OpenProposal(id=proposal_id) | ProposePriority(id=proposal_id):
                yield OpenTask(
                    id=uuid4(),
                    kind=TaskKind.DECISION_RESERVED,
                    owner=context.assignees.owner_of(lead_owner),
                    expected=ExpectedAction.ARBITRATE,
                    due_on=due_date(done.facts.now, days),
                    proposal_id=proposal_id,
                )


def _own_writes(done: LeadStep) -> Iterator[Event]:
    """What rules wrote; a priority by the score alone stands beside the score."""
    for outcome in done.outcomes:
        if outcome.effect is not None and outcome.rule_id is not None:
            written = own_write(outcome.effect, done.facts)
            if written is not None:
                yield written


def _with_priority(
    explainer: Explains,
    context: AutomationContext,
    score: Score,
    before: LeadState,
    done: LeadStep,
) -> Score:
    """The score, told with the priority that stands in the end."""
    facts = done.facts
    if facts.priority is None:
        return score
    by_person = facts.standing is not OverrideStanding.NONE
    is_settled = context.cases.are_settled(facts.judged_at, facts.now)
    is_its_own = facts.priority is score.priority and before.priority is before.band
    if is_its_own and not by_person and not is_settled:
        return score
    return explainer.retold(
        score,
        before.priority,
        facts.priority,
        ending_of(before, context.assignees.pipeline),
        by_person=by_person,
        is_settled=is_settled,
    )
