"""Replay of one lead: what rules and exceptions would have done at each moment. Pure.

What a person would have done isn't known: a task is taken to be closed once its day is
over, and a proposal to lapse after two weeks. What people did is known, by the log.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time

from explanations.calendar_fr import PARIS
from explanations.score import Doubt, Priority
from features.event import Event
from governance.leads.automation_context import AutomationContext
from governance.leads.state import (
    LeadState,
    is_answered,
    is_at_rest,
    is_closed,
    stages_seen,
    state_after,
)
from governance.leads.step import Arrivals, ScoreSummary, facts_at, hours_ahead, step
from governance.people.feedback import judges, judges_priority
from governance.people.overrides import OWN_SOURCE, OverrideKind
from governance.policy.actions import AutomaticAction, OpenProposal, ProposePriority
from governance.policy.complex_exchange import WITHIN
from governance.policy.effects import PROPOSAL_LASTS
from governance.policy.task import OpenTask, TaskKind
from governance.rules.facts import Facts, Value
from governance.rules.outcome import Outcome

_SUSPENSION = "suspension"  # ends as tasks and proposals do
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What is measured of a lead at a moment; `events` became known just then.

    `score` in points; `doubts` is None where the score wasn't explained. A moment
    without events is a tick.
    """

    at: datetime
    events: tuple[Event, ...]
    measures: Mapping[str, Value]
    score: float | None = None
    doubts: frozenset[Doubt] | None = None
    segment: str | None = None


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of one moment."""

    lead_id: str
    at: datetime
    outcomes: tuple[Outcome, ...]
    exceptions: tuple[OpenTask, ...]

    @property
    def calls(self) -> Iterator[TaskKind]:
        """Why people are called then, a kind each task."""
        for outcome in self.outcomes:
            match outcome.effect and outcome.effect.action:
                case OpenTask(kind=kind):
                    yield kind
                case OpenProposal() | ProposePriority():
                    yield TaskKind.DECISION_RESERVED
        for task in self.exceptions:
            yield task.kind


class LeadReplay:
    """A lead on its way: what is known of it, and what was done to it."""

    def __init__(self, lead_id: str, context: AutomationContext) -> None:
        self.context = context
        self.state = LeadState.unknown(lead_id, context.assignees.pipeline)
        self._known: list[Event] = []
        self._is_judged = False  # did a person decide anything here?
        self._ends: dict[str, datetime] = {}  # of open tasks, of proposals, …
        self._clock_ahead = 0.0  # hours, since the last moment

    @property
    def has_ended(self) -> bool:
        return is_closed(self.state, self.context.assignees.pipeline)

    def learn(self, *events: Event) -> None:
        """Events that become known together."""
        before, pipeline = self.state, self.context.assignees.pipeline
        was_at_rest = is_at_rest(before, pipeline)
        self._known += events
        self._clock_ahead = max(self._clock_ahead, hours_ahead(events))
        self.state = state_after(before, events, pipeline)
        for event in events:
            self._heed(event)
        for seen in stages_seen(before, events, pipeline):
            if seen.event.source == OWN_SOURCE or is_answered(seen, pipeline):
                self._end(seen.event.received_at, seen.after.stage)
        if is_at_rest(self.state, pipeline) and not was_at_rest:
            self._end(events[-1].received_at, *self._ends.keys() - {_SUSPENSION})

    def facts_at(self, observed: Observed) -> Facts:
        """What is known at a moment, with its events; nothing is decided yet."""
        arrivals, score = self._arrive(observed)
        return facts_at(self.context, self.state, arrivals, score, observed.at)

    def step(self, observed: Observed) -> Replayed:
        """Live through a moment."""
        arrivals, score = self._arrive(observed)
        self._clock_ahead = 0.0
        done = step(self.context, self.state, arrivals, score, observed.at)
        self.state = done.state
        for outcome in done.outcomes:
            if outcome.effect is not None:
                doer = outcome.rule_id or OWN_SOURCE
                self._will_end(outcome.effect.action, doer, observed.at)
        for task in done.exceptions:
            self._will_end(task, task.kind.value, observed.at)
        return Replayed(self.state.lead_id, observed.at, done.outcomes, done.exceptions)

    # --- What people did ----------------------------------------------------

    def _heed(self, event: Event) -> None:
        """What a person decided here, as the service carries it out."""
        self._is_judged |= judges(event)
        if judges_priority(event):
            self._obey(event)
        if event.source != OWN_SOURCE:
            return
        if event.kind == OverrideKind.AUTOMATION_SUSPENDED:
            until = event.data.get("until")
            end = datetime.fromisoformat(until) if isinstance(until, str) else _NEVER
            self._ends[_SUSPENSION] = end
            history = replace(self.state.history, is_suspended=True)
            self.state = replace(self.state, history=history)
        elif event.kind == OverrideKind.AUTOMATION_RESUMED:
            self._end(event.received_at, _SUSPENSION)

    def _obey(self, event: Event) -> None:
        """The priority that a person gave stands; it settles what was asked of it."""
        priority, history = event.data.get("priority"), self.state.history
        settled = {kind.value for kind in self.context.cases.settled_kinds}
        tasks = history.open_tasks - settled
        state = replace(self.state, history=replace(history, open_tasks=tasks))
        if priority in set(Priority) and priority != state.priority:
            band = Priority(str(priority))
            state = replace(state, priority=band, band=band)
        self.state = state
        self._end(event.received_at, *Priority)

    # --- What is known ------------------------------------------------------

    def _arrive(self, observed: Observed) -> tuple[Arrivals, ScoreSummary | None]:
        """The moment's events, once they are learnt, and its score."""
        self._end_what_is_over(observed.at)
        if observed.events:
            self.learn(*observed.events)
        arrivals = Arrivals(
            live=observed.events,
            known=self._known if self._is_judged else self._lately(observed.at),
            clock_ahead_hours=self._clock_ahead,
            measures=observed.measures,
            usual_hours=self.context.usual_hours(observed.segment),
        )
        scorer, points = self.context.scorer, observed.score
        if scorer is None or points is None:
            return arrivals, None
        return arrivals, ScoreSummary(
            points=points,
            grade=scorer.grade(points),
            priority=scorer.priority(points, self.state.band),
            doubts=observed.doubts,
        )

    def _lately(self, at: datetime) -> Iterator[Event]:
        """What became known within the time of an exchange; the latest first."""
        for event in reversed(self._known):
            if max(event.occurred_at, event.received_at) <= at - WITHIN:
                return
            yield event

    # --- What comes to an end -----------------------------------------------

    def _will_end(self, action: AutomaticAction, doer: str, now: datetime) -> None:
        match action:
            case OpenTask(kind=kind, due_on=day):
                key = doer if kind is TaskKind.RULE else kind.value
                end = datetime.combine(day, time.max, PARIS)
                self._ends[key] = end.astimezone(UTC)
            case OpenProposal(to=to) | ProposePriority(to=to):
                self._ends[to] = now + PROPOSAL_LASTS

    def _end(self, at: datetime, *keys: str) -> None:
        """Of what is open under these keys; as in the service, once the moment is over
        at which it ends."""
        self._ends |= dict.fromkeys(self._ends.keys() & keys, at)

    def _end_what_is_over(self, at: datetime) -> None:
        over = {key for key, end in self._ends.items() if end <= at}
        if not over:
            return
        self._ends = {k: end for k, end in self._ends.items() if k not in over}
        history = self.state.history
        history = replace(
            history,
            open_tasks=history.open_tasks - over,
            waiting_moves=history.waiting_moves - over,
            is_suspended=history.is_suspended and _SUSPENSION not in over,
        )
        self.state = replace(self.state, history=history)
