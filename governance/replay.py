"""One lead, replayed: what rules and exceptions would have done at each moment. Pure.

What a person would have done isn't known: a task is taken to be closed once its day is
over, and a proposal to lapse after two weeks.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time

from explanations.french import PARIS
from explanations.score import Doubt, Priority
from features.event import Event
from governance.cause import Cause
from governance.consequences import follow
from governance.decision import PROPOSAL_LASTS
from governance.engine import AN_HOUR, Happening
from governance.exchange import WITHIN, after_complex_exchange
from governance.executor import AutomaticAction, OpenProposal, ProposePriority
from governance.facts import Facts, Value
from governance.history import History, told_values
from governance.outcome import Outcome
from governance.rule import Target
from governance.setting import Setting
from governance.task import OpenTask, TaskKind

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
    def tasks(self) -> Iterator[OpenTask]:
        """Every task opened then."""
        for outcome in self.outcomes:
            if outcome.effect and isinstance(outcome.effect.action, OpenTask):
                yield outcome.effect.action
        yield from self.exceptions


class LeadReplay:
    """A lead on its way: what is known of it, and what was done to it."""

    def __init__(self, lead_id: str, setting: Setting) -> None:
        entry = setting.desk.pipeline.entry
        self.setting = setting
        self.facts = Facts(lead_id=lead_id, now=_BEFORE_ALL, stage=entry)
        self.history = History()
        self._known: list[Event] = []
        self._band: Priority | None = None  # the priority by the score alone
        self._ends: dict[str, datetime] = {}  # of open tasks and proposals
        self._clock_ahead = 0.0  # hours, since the last moment

    def learn(self, event: Event) -> None:
        """An event that becomes known, and sets nothing off by itself."""
        self._known.append(event)
        told = told_values(event)
        stage = told.get(Target.STAGE)
        if stage in self.setting.desk.pipeline.by_name:
            self.facts = replace(self.facts, stage=stage)
        if Target.OWNER in told:
            self.facts = replace(self.facts, owner=told[Target.OWNER])
        ahead = (event.occurred_at - event.received_at) / AN_HOUR
        self._clock_ahead = max(self._clock_ahead, ahead)

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
        done = follow(self.setting, happenings, self.facts, self.history)
        self.facts, self.history = done.facts, done.history
        for outcome in done.outcomes:
            if outcome.effect is not None and outcome.rule_id is not None:
                self._will_end(outcome.effect.action, outcome.rule_id)
        for task in done.exceptions:
            self._will_end(task, task.kind.value)
        return Replayed(self.facts.lead_id, observed.at, done.outcomes, done.exceptions)

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
        )
        self._clock_ahead = 0.0
        return self._banded(facts)

    def _banded(self, facts: Facts) -> Facts:
        """With grade and priority: that changes when the score changes band."""
        scorer = self.setting.scorer
        if scorer is None or facts.score is None:
            return facts
        band = scorer.priority(facts.score, self._band)
        priority = facts.priority if band is self._band else band
        self._band = band
        return replace(facts, grade=scorer.grade(facts.score), priority=priority)

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
