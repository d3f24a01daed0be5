"""One lead, replayed: what rules and exceptions would have done at each moment. Pure.

What a person would have done isn't known: a task is taken to be closed once its day is
over, and a proposal to lapse after two weeks.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time

from explanations.calendar_fr import PARIS
from explanations.score import Doubt, Priority
from features.event import Event
from governance.people.feedback import JUDGING, Standing, judges
from governance.people.overrides import OWN_SOURCE
from governance.policy.actions import AutomaticAction, OpenProposal, ProposePriority
from governance.policy.complex_exchange import WITHIN, after_complex_exchange
from governance.policy.effects import PROPOSAL_LASTS
from governance.policy.task import OpenTask, TaskKind
from governance.rules.cascade import after, written
from governance.rules.context import Setting
from governance.rules.engine import AN_HOUR, Happening
from governance.rules.facts import Facts, Value
from governance.rules.history import History, told_values
from governance.rules.outcome import Cause, Outcome
from governance.rules.priority_band import banded
from governance.rules.rule import Target
from governance.rules.step import follow

_BEFORE_ALL = datetime.min.replace(tzinfo=UTC)


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

    def __init__(self, lead_id: str, setting: Setting) -> None:
        entry = setting.desk.pipeline.entry
        self.setting = setting
        self.facts = Facts(lead_id=lead_id, now=_BEFORE_ALL, stage=entry)
        self.history = History()
        self._known: list[Event] = []
        self._band: Priority | None = None  # by the score alone, and seen to
        self._is_judged = False  # did a person say anything of the priority?
        self._ends: dict[str, datetime] = {}  # of open tasks and proposals
        self._clock_ahead = 0.0  # hours, since the last moment

    def learn(self, event: Event) -> None:
        """An event that becomes known, and sets nothing off by itself."""
        self._known.append(event)
        if event.source == OWN_SOURCE and event.kind in JUDGING:
            self._is_judged = True
            self._obey(event)
        if judges(event):
            self.facts = replace(self.facts, judged_at=event.received_at)
        told = told_values(event)
        stage = told.get(Target.STAGE)
        if stage in self.setting.desk.pipeline.by_name:
            self.facts = replace(self.facts, stage=stage)
        if Target.OWNER in told:
            self.facts = replace(self.facts, owner=told[Target.OWNER])
        ahead = (event.occurred_at - event.received_at) / AN_HOUR
        self._clock_ahead = max(self._clock_ahead, ahead)

    def _obey(self, event: Event) -> None:
        """The priority that a person gave stands, where one was given."""
        given = event.data.get("priority")
        if given in set(Priority):
            self.facts = replace(self.facts, priority=Priority(str(given)))

    def observe(self, observed: Observed) -> None:
        """Know what is known at a moment, and do nothing yet."""
        self._end_what_is_over(observed.at)
        for event in observed.events:
            self.learn(event)
        self.facts = self._facts(observed)

    def step(self, observed: Observed) -> Replayed:
        """Live through a moment."""
        self.observe(observed)
        happenings = list(self._happenings(observed))
        first = self._first(happenings[-1].cause)
        self.history = after(self.history, first, observed.at)
        for outcome in first:
            self.facts = written(self.facts, outcome.effect)
        done = follow(self.setting, happenings, self.facts, self.history)
        self.facts, self.history = done.facts, done.history
        outcomes = (*first, *done.outcomes)
        for outcome in outcomes:
            if outcome.effect is not None:
                self._will_end(outcome.effect.action, outcome.rule_id or OWN_SOURCE)
        for task in done.exceptions:
            self._will_end(task, task.kind.value)
        return Replayed(self.facts.lead_id, observed.at, outcomes, done.exceptions)

    def _first(self, cause: Cause) -> tuple[Outcome, ...]:
        """What becomes of the priority by the score alone, as in the service."""
        facts = self.facts
        if self.setting.scorer is None or facts.score is None:
            return ()
        if facts.priority is not None and facts.standing is Standing.STANDS:
            return ()
        to = self.setting.scorer.priority(facts.score, self._band)
        outcome = banded(
            self.setting, cause, facts, self.history, before=self._band, to=to
        )
        if outcome is None or outcome.effect is not None:
            self._band = to
        return () if outcome is None else (outcome,)

    def _happenings(self, observed: Observed) -> Iterator[Happening]:
        for event in observed.events:
            yield Happening(Cause.first(f"{event.source} {event.event_id}"), event)
        if not observed.events:
            yield Happening(Cause.first(f"tick {observed.at.isoformat()}"))

    def _facts(self, observed: Observed) -> Facts:
        facts = replace(
            self.facts,
            now=observed.at,
            score=observed.score,
            doubts=observed.doubts,
            clock_ahead_hours=self._clock_ahead,
            measures=observed.measures,
            usual_hours=self.setting.usual_hours(observed.segment),
            after_complex_exchange=after_complex_exchange(
                self._lately(observed.at), observed.at
            ),
            standing=self._standing(),
        )
        self._clock_ahead = 0.0
        scorer = self.setting.scorer
        if scorer is None or facts.score is None:
            return facts
        return replace(facts, grade=scorer.grade(facts.score))

    def _standing(self) -> Standing:
        judgement = self.setting.judgement
        if judgement is None or not self._is_judged:
            return Standing.NONE
        return judgement.standing(self._known)

    def _lately(self, at: datetime) -> Iterator[Event]:
        """What became known within the time of an exchange; the latest first."""
        for event in reversed(self._known):
            if max(event.occurred_at, event.received_at) <= at - WITHIN:
                return
            yield event

    def _will_end(self, action: AutomaticAction, doer: str) -> None:
        match action:
            case OpenTask(kind=kind, due_on=day):
                key = doer if kind is TaskKind.RULE else kind.value
                end = datetime.combine(day, time.max, PARIS)
                self._ends[key] = end.astimezone(UTC)
            case OpenProposal(to=to) | ProposePriority(to=to):
                self._ends[to] = self.facts.now + PROPOSAL_LASTS

    def _end_what_is_over(self, at: datetime) -> None:
        over = {key for key, end in self._ends.items() if end < at}
        if not over:
            return
        self._ends = {k: end for k, end in self._ends.items() if k not in over}
        self.history = replace(
            self.history,
            open_tasks=self.history.open_tasks - over,
            waiting_moves=self.history.waiting_moves - over,
        )
