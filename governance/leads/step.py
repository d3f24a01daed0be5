"""One step of a lead: its priority, what rules do, and who is called, at one moment.

The service takes it for a lead that it stores, the simulation for one that it replays.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from explanations.score import Doubt, Grade, Priority
from features.event import Event
from governance.leads.automation_context import AutomationContext
from governance.leads.priority_band import band_transition
from governance.leads.state import LeadState, is_closed
from governance.people.feedback import OverrideStanding, judged_at
from governance.people.overrides import OWN_SOURCE
from governance.policy.complex_exchange import after_complex_exchange
from governance.policy.effects import Requalify
from governance.policy.task import OpenTask
from governance.rules.cascade import cascade
from governance.rules.engine import AN_HOUR, Occurrence, is_worth_writing
from governance.rules.exception_cases import exceptions_raised, history_with_tasks
from governance.rules.facts import Facts, Value
from governance.rules.history import History, facts_after, history_after
from governance.rules.outcome import Cause, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrivals:
    """Events that become known at one moment, and what is known of the lead then.

    `live` events set rules off, in their order. Without any, time has passed; unless
    older events were `backfilled`, on which automation doesn't act. `known` are the
    lead's events in any order, these too; of a lead on which nobody decided anything,
    those of the last 14 days are enough. `requalification`: a priority that somebody
    gave in the same call.
    """

    live: Sequence[Event] = ()
    known: Iterable[Event] = ()
    backfilled: Sequence[Event] = ()
    requalification: Requalify | None = None
    clock_ahead_hours: float = 0.0
    measures: Mapping[str, Value] = field(default_factory=dict)
    usual_hours: Mapping[str, float] = field(default_factory=dict)

    @property
    def is_backfill(self) -> bool:
        return bool(self.backfilled) and not self.live

    @property
    def latest(self) -> Event | None:
        """The event that the priority and the exceptions follow from, if one arrived:
        of older ones the last that another source told."""
        if self.live:
            return self.live[-1]
        others = (event for event in self.backfilled if event.source != OWN_SOURCE)
        return max(others, key=lambda event: event.occurred_at, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreSummary:
    """A score as decisions read it: in points, with the priority that it calls for.

    `doubts` is None where the score wasn't explained.
    """

    points: float
    grade: Grade
    priority: Priority
    doubts: frozenset[Doubt] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadStep:
    """A lead after the step, and what was decided, in order."""

    state: LeadState
    facts: Facts
    outcomes: tuple[Outcome, ...]
    exceptions: tuple[OpenTask, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """What automation decided, in order; and how facts and history stand thereafter."""

    facts: Facts
    history: History
    outcomes: tuple[Outcome, ...] = ()
    exceptions: tuple[OpenTask, ...] = ()


def step(
    context: AutomationContext,
    state: LeadState,
    arrivals: Arrivals,
    score: ScoreSummary | None,
    now: datetime,
) -> LeadStep:
    """What follows at `now` for a lead, whose `state` has what arrives already.

    The priority moves first, by the score alone; then rules are set off, each by the
    events in their order; exceptions are sought last. Automation does nothing on what
    is backfilled, nor on a lead that came to an end.
    """
    facts = facts_at(context, state, arrivals, score, now)
    occurrences = _occurrences(arrivals.live, now)
    by_score, band = _priority_by_score(
        context, state, arrivals, score, facts, occurrences[-1].cause
    )
    first = () if by_score is None else (by_score,)
    history = history_after(state.history, first, now)  # forgets old writes as well
    for outcome in first:
        facts = facts_after(facts, outcome.effect)
    done = Reaction(facts=facts, history=history)
    if not (arrivals.is_backfill or context.is_stopped or _has_ended(context, state)):
        done = react(context, occurrences, facts, history)
    return LeadStep(
        state=_state_after(state, done, band, now),
        facts=done.facts,
        outcomes=first + done.outcomes,
        exceptions=done.exceptions,
    )


def hours_ahead(events: Iterable[Event]) -> float:
    """By how much the earliest of these events came before it happened; at least 0."""
    ahead = ((event.occurred_at - event.received_at) / AN_HOUR for event in events)
    return max(ahead, default=0.0)


def facts_at(
    context: AutomationContext,
    state: LeadState,
    arrivals: Arrivals,
    score: ScoreSummary | None,
    now: datetime,
) -> Facts:
    """What rules and exceptions may ask of the lead, before anything is decided."""
    known = list(arrivals.known)
    return Facts(
        lead_id=state.lead_id,
        now=now,
        stage=state.stage,
        owner=state.owner,
        priority=state.priority,
        score=None if score is None else score.points,
        grade=None if score is None else score.grade,
        doubts=None if score is None else score.doubts,
        clock_ahead_hours=arrivals.clock_ahead_hours,
        measures=arrivals.measures,
        usual_hours=arrivals.usual_hours,
        after_complex_exchange=after_complex_exchange(known, now),
        standing=context.judgement.standing(known),
        judged_at=judged_at(known),
    )


def react(
    context: AutomationContext,
    occurrences: Sequence[Occurrence],
    facts: Facts,
    history: History,
) -> Reaction:
    """What automation does: rules in the events' order (one at the least), then
    exceptions."""
    outcomes: list[Outcome] = []
    for occurrence in occurrences:
        done = cascade(context.rules, occurrence, facts, history, context.assignees)
        facts, history = done.facts, done.history
        outcomes += done.outcomes
    tasks = exceptions_raised(
        context.cases, occurrences[-1].cause, facts, history, context.assignees
    )
    if tasks:
        history = history_with_tasks(history, tasks, facts)
    return Reaction(
        facts=facts,
        history=history,
        outcomes=tuple(outcomes),
        exceptions=tuple(tasks),
    )


def _priority_by_score(
    context: AutomationContext,
    state: LeadState,
    arrivals: Arrivals,
    score: ScoreSummary | None,
    facts: Facts,
    cause: Cause,
) -> tuple[Outcome | None, Priority | None]:
    """What becomes of the priority by the score alone, and the band that is now seen
    to. A priority that was held back is seen to later."""
    if score is None:
        return None, state.band
    requalified = arrivals.requalification
    if requalified is not None:  # what the score says against it is proposed, one day
        return None, requalified.to if requalified.signer.is_person else score.priority
    is_kept = _has_ended(context, state) or facts.standing is OverrideStanding.STANDS
    if context.is_stopped or (facts.priority is not None and is_kept):
        return None, state.band
    outcome = band_transition(
        context, cause, facts, state.history, before=state.band, to=score.priority
    )
    if outcome is None:
        return None, score.priority
    band = state.band if outcome.effect is None else score.priority
    return replace(outcome, event=arrivals.latest), band


def _has_ended(context: AutomationContext, state: LeadState) -> bool:
    return is_closed(state, context.assignees.pipeline)


def _occurrences(live: Iterable[Event], now: datetime) -> list[Occurrence]:
    """Each event that arrives; or, if none does, that time has passed."""
    arrived = [Occurrence(Cause.first(f"{e.source} {e.event_id}"), e) for e in live]
    return arrived or [Occurrence(Cause.first(f"tick {now.isoformat()}"))]


def _state_after(
    state: LeadState, done: Reaction, band: Priority | None, now: datetime
) -> LeadState:
    facts, history = done.facts, done.history
    if is_worth_writing(history.score_written, facts.score):
        history = replace(history, score_written=facts.score)
    return replace(
        state,
        owner=facts.owner,
        owner_at=state.owner_at if facts.owner == state.owner else now,
        priority=facts.priority,
        band=band,
        history=history,
    )
