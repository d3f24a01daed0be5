"""What follows for each lead from a call: its priority, what rules do, who is called.

Nothing is written here. Automation doesn't act on what is backfilled, on a lead that
came to an end, nor at all once the audit was found broken.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from uuid import uuid4

from explanations.score import Ending, Priority, Score
from features.event import Event
from governance.leads.state import LeadState
from governance.people.feedback import Standing, judged_at
from governance.people.overrides import OWN_SOURCE
from governance.policy.actions import OpenProposal, ProposePriority
from governance.policy.business_days import due_date
from governance.policy.complex_exchange import after_complex_exchange
from governance.policy.effects import EndTask, Requalify, Suspend
from governance.policy.task import ExpectedAction, OpenTask, TaskKind
from governance.rules.cascade import after, told_as_event, written
from governance.rules.engine import AN_HOUR, Happening, is_worth_writing
from governance.rules.facts import Facts
from governance.rules.history import History
from governance.rules.outcome import Cause, Outcome
from governance.rules.priority_band import banded
from governance.rules.step import Consequences, follow
from serving.runtime.served_model import Explains
from serving.runtime.service import Service
from serving.transaction.draft import Draft
from serving.transaction.measures import Measuring


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
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
    told: tuple[Event, ...] = ()


def followed(
    service: Service,
    explainer: Explains | None,
    draft: Draft,
    scores: Mapping[str, Score],
    now: datetime,
) -> dict[str, Followed]:
    """What follows for each lead that a plan touches, by its external id."""
    known = Measuring(service.rules, service.cases, explainer, draft)
    found = {name: Followed(lead=lead) for name, lead in draft.leads.items()}
    for name in draft.moments:
        found[name] = _Following(
            service=service,
            explainer=explainer,
            draft=draft,
            lead=draft.leads[name],
            score=scores.get(name),
            known=known,
            now=now,
        ).followed()
    return found


@dataclass(kw_only=True)
class _Following:
    service: Service
    explainer: Explains | None
    draft: Draft
    lead: LeadState
    score: Score | None
    known: Measuring
    now: datetime

    def followed(self) -> Followed:
        arrivals = self.draft.plan.arrivals_of(self.lead.lead_id)
        live = [event for event in arrivals if event.received_at == self.now]
        happenings = _happenings(live, self.now)
        facts, history = self._facts(live), self._history()
        latest = live[-1] if live else _last_observed(arrivals)
        first, band = self._first(happenings[-1].cause, latest, facts)
        history = after(history, first, self.now)
        facts = written(facts, first[0].effect) if first else facts
        if self._may_act(is_live=bool(live) or not arrivals):
            done = follow(self.service.setting, happenings, facts, history)
        else:
            done = Consequences(facts=facts, history=history)
        outcomes = (*first, *done.outcomes)
        decisions = tuple(self._decision(o) for o in outcomes if _proposes(o))
        score = self._retold(done.facts.priority)
        return Followed(
            lead=self._lead_after(done, band),
            score=score,
            outcomes=outcomes,
            decisions=decisions,
            exceptions=done.exceptions,
            latest=latest,
            told=_told(outcomes, done.facts),
        )

    # --- What is known ------------------------------------------------------

    @property
    def _made(self) -> Requalify | None:
        return self.draft.plan.priority_given(self.lead.lead_id)

    @property
    def _before(self) -> LeadState:
        made = self._made
        return self.lead if made is None else replace(self.lead, priority=made.to)

    @property
    def _closed(self) -> Ending | None:
        return self.draft.closed.get(self.lead.lead_id)

    def _history(self) -> History:
        rules = self.draft.suspended_rules
        effects = self.draft.plan.effects_on(self.lead.lead_id)
        is_suspended = self.lead.history.is_suspended or any(
            isinstance(one, Suspend) for one in effects
        )
        ended = {one.kind.value for one in effects if isinstance(one, EndTask)}
        return replace(
            self.lead.history,
            suspended_rules=rules,
            is_suspended=is_suspended,
            open_tasks=self.lead.history.open_tasks - ended,
        )

    @cached_property
    def _standing(self) -> Standing:
        """How a person's word on the priority stands."""
        events = self.draft.events[self.lead.lead_id]
        return self.service.judgement.standing(events)

    def _facts(self, live: Sequence[Event]) -> Facts:
        score, lead = self.score, self._before
        events = self.draft.events[lead.lead_id]
        ahead = ((e.occurred_at - e.received_at) / AN_HOUR for e in live)
        return Facts(
            lead_id=lead.lead_id,
            now=self.now,
            stage=lead.stage,
            owner=lead.owner,
            priority=lead.priority,
            score=None if score is None else score.score,
            grade=None if score is None else score.grade,
            doubts=None if score is None else frozenset(d.doubt for d in score.doubts),
            clock_ahead_hours=max(ahead, default=0.0),
            measures=self.known.measures(lead.lead_id),
            usual_hours=self.known.usual_hours(lead.lead_id),
            after_complex_exchange=after_complex_exchange(events, self.now),
            standing=self._standing,
            judged_at=judged_at(events),
        )

    def _may_act(self, *, is_live: bool) -> bool:
        is_whole = self.service.audit_status.broken is None
        return is_live and is_whole and self._closed is None

    # --- What follows -------------------------------------------------------

    def _first(
        self, cause: Cause, latest: Event | None, facts: Facts
    ) -> tuple[tuple[Outcome, ...], Priority | None]:
        """What becomes of the priority by the score alone; and the band that is now
        seen to. One that was held back is seen to later."""
        if self.score is None:
            return (), self.lead.band
        to = self.score.priority
        is_broken = self.service.audit_status.broken is not None
        is_stopped = (
            self._closed is not None
            or self._standing is Standing.STANDS  # told once, by the person
        )
        if self._made is not None:
            # What the score says against a person's word is proposed, one day.
            return (), self._made.to if self._made.signer.is_person else to
        if is_broken or (facts.priority is not None and is_stopped):
            return (), self.lead.band
        setting, history = self.service.setting, self._history()
        outcome = banded(setting, cause, facts, history, before=self.lead.band, to=to)
        if outcome is None:
            return (), to
        is_held = outcome.effect is None
        return (replace(outcome, event=latest),), self.lead.band if is_held else to

    def _decision(self, outcome: Outcome) -> OpenTask:
        """Who is to decide what is proposed."""
        assert outcome.effect is not None
        return OpenTask(
            id=uuid4(),
            kind=TaskKind.DECISION_RESERVED,
            owner=self.service.setting.desk.owner_of(self.lead.owner),
            expected=ExpectedAction.ARBITRATE,
            due_on=due_date(self.now, self.service.settings.decision_working_days),
            proposal_id=outcome.effect.id,
        )

    def _retold(self, priority: Priority | None) -> Score | None:
        """The score, told with the priority that stands in the end."""
        score, before = self.score, self._before
        if score is None or self.explainer is None or priority is None:
            return score
        said = judged(self.service, self.draft.events[before.lead_id], self.now)
        is_its_own = priority is score.priority and before.priority is before.band
        if is_its_own and not said.is_told:
            return score
        return self.explainer.retold(
            score,
            before.priority,
            priority,
            self._closed,
            by_person=said.by_person,
            is_settled=said.is_settled,
        )

    def _lead_after(self, done: Consequences, band: Priority | None) -> LeadState:
        facts, history = done.facts, done.history
        if is_worth_writing(history.score_written, facts.score):
            history = replace(history, score_written=facts.score)
        is_assigned = facts.owner != self.lead.owner
        return replace(
            self.lead,
            owner=facts.owner,
            owner_at=self.now if is_assigned else self.lead.owner_at,
            priority=facts.priority,
            band=band,
            history=history,
        )


def _happenings(live: Sequence[Event], now: datetime) -> list[Happening]:
    """Each event that arrives; or, if none does, that time has passed."""
    seen = [Happening(Cause.first(f"{e.source} {e.event_id}"), e) for e in live]
    return seen or [Happening(Cause.first(f"tick {now.isoformat()}"))]


def _last_observed(arrivals: Iterable[Event]) -> Event | None:
    """The last event that another source told, by when it occurred."""
    others = [event for event in arrivals if event.source != OWN_SOURCE]
    return max(others, key=lambda event: event.occurred_at, default=None)


def _proposes(outcome: Outcome) -> bool:
    effect = outcome.effect
    return effect is not None and isinstance(
        effect.action, OpenProposal | ProposePriority
    )


def _told(outcomes: Sequence[Outcome], facts: Facts) -> tuple[Event, ...]:
    """What rules wrote; a priority by the score alone stands beside the score."""
    effects = [one.effect for one in outcomes if one.effect and one.rule_id]
    told = (told_as_event(effect, facts) for effect in effects)
    return tuple(event for event in told if event is not None)


@dataclass(frozen=True, slots=True)
class Judged:
    """`by_person`: the priority is a person's word, of which another is proposed at
    most. `is_settled`: they have seen to what the score doubts."""

    by_person: bool = False
    is_settled: bool = False

    @property
    def is_told(self) -> bool:
        return self.by_person or self.is_settled


def judged(service: Service, events: Iterable[Event], now: datetime) -> Judged:
    """Of a lead with these events, in any order."""
    known = list(events)
    return Judged(
        by_person=service.judgement.standing(known) is not Standing.NONE,
        is_settled=service.cases.are_settled(judged_at(known), now),
    )
