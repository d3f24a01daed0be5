"""The rules' engine: what happened, what is known, and what follows. Pure.

A `Decision` is on one occurrence; `cascade` also follows what its effects set off.
Nothing here writes: whoever calls carries the effects out, and records every outcome.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from explanations.calendar_fr import paris_day
from explanations.scorer import PAST_THE_CUT
from features.event import Event
from governance.rules.actions import Assignees, RuleAction
from governance.rules.condition import truth_of
from governance.rules.facts import Facts
from governance.rules.history import History
from governance.rules.outcome import AutomaticEffect, Cause, Outcome, RuleResult
from governance.rules.rule import Rule, Target
from governance.rules.ruleset import Rules
from governance.rules.trigger import EventSeen, Scheduled, ScoreMoved, Silence, Weekday

MOST_DEPTH = 3  # DESIGN §7: effects in a chain; a person looks at a longer one
AN_HOUR = timedelta(hours=1)
_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """What may set rules off: an event, or (None) a tick of the clock.

    With either, the score may have moved from the one last written.
    """

    cause: Cause
    event: Event | None = None


@dataclass
class Decision:
    """What becomes of the rules that an occurrence sets off, by priority.

    Each target has one winner: the first rule by priority whose conditions hold. No
    effect is a reserved change, whatever the rule.
    """

    rules: Rules
    occurrence: Occurrence
    facts: Facts
    history: History
    assignees: Assignees

    def __post_init__(self) -> None:
        event = self.occurrence.event
        self.set_off = frozenset() if event is None else self.rules.set_off_by(event)
        self.today = paris_day(self.facts.now)
        self.writes = self.history.writes_since(self.facts.now - AN_HOUR)

    def outcomes(self) -> list[Outcome]:
        """Of the rules that are set off; nothing but itself of an echo."""
        occurrence, event = self.occurrence, self.occurrence.event
        if event is not None and self.history.is_echo(event, self.rules.echo_lasts):
            source, cause = event.source, occurrence.cause
            return [Outcome(result=RuleResult.ECHO, cause=cause, source=source)]
        return list(self._outcomes(every=False))

    def explanations(self) -> Iterator[tuple[Rule, Outcome, RuleResult]]:
        """Every rule, with why it isn't set off; and its result if it were, alone."""
        outcomes = self._outcomes(every=True)
        for rule, outcome in zip(self.rules.by_priority, outcomes, strict=True):
            yield rule, outcome, self._result_if_set_off(rule)

    def _outcomes(self, *, every: bool) -> Iterator[Outcome]:
        winners: dict[Target, str] = {}
        for rule in self.rules.by_priority:
            result = self._stopped(rule)
            if result is not None:
                if every or result.is_recorded:
                    yield self._outcome(rule, result)
            elif rule.target in winners:
                yield self._outcome(rule, RuleResult.LOST, winner=winners[rule.target])
            else:
                winners[rule.target] = rule.id
                yield self._acted(rule)

    # --- Is it set off, and may it act? -------------------------------------

    def _result_if_set_off(self, rule: Rule) -> RuleResult:
        if not rule.is_in_force(self.today):
            return RuleResult.NOT_IN_FORCE
        return self._stopped_by_facts(rule) or self._acted(rule).result

    def _stopped(self, rule: Rule) -> RuleResult | None:
        """Why the rule doesn't compete; None: it does."""
        if not rule.is_in_force(self.today):
            return RuleResult.NOT_IN_FORCE
        if not self._is_set_off(rule):
            return RuleResult.NOT_SET_OFF
        event = self.occurrence.event
        if event is not None and not rule.allows(event.source):
            return RuleResult.SOURCE_NOT_ALLOWED
        return self._stopped_by_facts(rule)

    def _stopped_by_facts(self, rule: Rule) -> RuleResult | None:
        truth = truth_of(rule.when, self.facts)
        if truth is None:
            return RuleResult.CONDITION_UNKNOWN
        if not truth:
            return RuleResult.CONDITION_UNMET
        if rule.id in self.history.suspended_rules:
            return RuleResult.SUSPENDED
        return self.history.stopped_by

    def _is_set_off(self, rule: Rule) -> bool:
        match rule.on:
            case EventSeen():
                return rule.id in self.set_off
            case ScoreMoved():
                return self._is_score_rule_met(rule)
            case Silence() as silence:
                return self.occurrence.event is None and self._is_silent(rule, silence)
            case Scheduled(schedule=days):
                return self.occurrence.event is None and self._is_the_day(rule, days)

    def _is_score_rule_met(self, rule: Rule) -> bool:
        before, after = self.history.score_written, self.facts.score
        if not isinstance(rule.on, ScoreMoved) or before is None or after is None:
            return False
        return rule.on.is_met(before, after)

    def _is_silent(self, rule: Rule, silence: Silence) -> bool:
        """For long enough, and not seen to be so before."""
        days = self.facts.measures.get(silence.measure.name)
        if not isinstance(days, float) or not days >= silence.days:
            return False
        seen_at = self.history.last_set_off.get(rule.id)
        return seen_at is None or seen_at <= self.facts.now - days * _A_DAY

    def _is_the_day(self, rule: Rule, days: tuple[Weekday, ...]) -> bool:
        seen_at = self.history.last_set_off.get(rule.id)
        is_new = seen_at is None or paris_day(seen_at) < self.today
        return is_new and Weekday.of(self.today) in days

    # --- What it does -------------------------------------------------------

    def _acted(self, rule: Rule) -> Outcome:
        history = self.history
        acted_at = history.last_acted.get(rule.id)
        if acted_at is not None and self.facts.now - acted_at < rule.quiet:
            return self._outcome(rule, RuleResult.TOO_SOON)
        is_worth = is_worth_writing(history.score_written, self.facts.score)
        if not is_worth and self._is_score_rule_met(rule):  # past a level, but barely
            return self._outcome(rule, RuleResult.BARELY_MOVED)
        cause = self.occurrence.cause
        action = RuleAction(rule, cause, self.facts, history, self.assignees)
        if cause.depth >= MOST_DEPTH:
            return self._outcome(rule, RuleResult.TOO_DEEP, effect=action.chain_task())
        effect = action.effect()
        if isinstance(effect, RuleResult):
            return self._outcome(rule, effect)
        if self.writes >= self.rules.most_writes_per_hour:
            return self._outcome(rule, RuleResult.TOO_MANY)
        self.writes += 1
        return self._outcome(rule, RuleResult.FIRED, effect=effect)

    def _outcome(
        self,
        rule: Rule,
        result: RuleResult,
        *,
        winner: str | None = None,
        effect: AutomaticEffect | None = None,
    ) -> Outcome:
        event = self.occurrence.event
        return Outcome(
            result=result,
            cause=self.occurrence.cause,
            rule_id=rule.id,
            target=rule.target,
            winner=winner,
            source=None if event is None else event.source,
            effect=effect,
        )


def is_worth_writing(written: float | None, score: float | None) -> bool:
    """Is a score to be written over the one last written (points)? By 3 points, yes.

    Examples
    --------
    >>> is_worth_writing(None, 40.0), is_worth_writing(40.0, 42.9)
    (True, False)
    >>> is_worth_writing(40.0, 37.0)
    True
    """
    if score is None:
        return False
    return written is None or abs(score - written) >= PAST_THE_CUT
