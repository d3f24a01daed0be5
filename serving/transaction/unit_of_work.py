"""The one door to the store: look, plan, score, follow; and write if nothing moved.

Reading and scoring happen outside of locks. Inside, the leads' versions are
compared; if one moved, everything starts again, and the fourth time it all happens
as the only writer (DESIGN §9).
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from explanations.score import Score
from governance.leads.state import LeadState
from governance.policy.effects import CloseProposal
from serving.audit.recorder import EndedTasks, Story, write_stories
from serving.errors import StoreOvertakenError
from serving.repositories.events import add_events, stored_pairs
from serving.repositories.lead_states import lead_versions, lock_every_lead, write_lead
from serving.repositories.scores import add_score
from serving.runtime.service import Service
from serving.transaction.consequences import Followed, followed
from serving.transaction.draft import Draft, drafted, scored
from serving.transaction.executor import perform, perform_automatic
from serving.transaction.plan import Plan, Seen, Wish

TRIES_OUTSIDE_THE_LOCK = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """`plan` as it was wished for; `followed`: the leads as they now stand."""

    seen: Seen
    plan: Plan
    followed: Mapping[str, Followed]

    @property
    def leads(self) -> dict[str, LeadState]:
        return {name: one.lead for name, one in self.followed.items()}

    @property
    def scores(self) -> dict[str, Score]:
        return {name: one.score for name, one in self.followed.items() if one.score}


@dataclass(frozen=True, slots=True)
class _Ready:
    draft: Draft
    followed: Mapping[str, Followed]


def record(service: Service, wish: Wish, now: datetime) -> Recorded:
    """Carry out a wish in one transaction, on leads that nobody else changed."""
    with service.lead_locks.of(wish.lead_ids):
        recorded = _recorded(service, wish, now)
    service.metrics.note_events(len(recorded.plan.arrivals))
    for one in recorded.followed.values():
        service.metrics.note_outcomes(one.outcomes)
        service.metrics.note_exceptions(task.kind.value for task in one.tasks)
    return recorded


def _recorded(service: Service, wish: Wish, now: datetime) -> Recorded:
    for _ in range(TRIES_OUTSIDE_THE_LOCK):
        with service.store.reading() as session:
            draft = drafted(session, service, wish, now)
        ready = _ready(service, draft, now)
        with suppress(StoreOvertakenError), service.store.writing() as session:
            if _nothing_moved(session, wish, draft.seen):
                return _written(session, service, ready, now)
    with service.store.writing() as session:
        lock_every_lead(session)
        draft = drafted(session, service, wish, now)
        return _written(session, service, _ready(service, draft, now), now)


def _ready(service: Service, draft: Draft, now: datetime) -> _Ready:
    explainer = service.models.loaded
    scores = scored(draft, explainer, service.models)
    return _Ready(draft, followed(service, explainer, draft, scores, now))


def _nothing_moved(session: Session, wish: Wish, seen: Seen) -> bool:
    versions = lead_versions(session, wish.lead_ids)
    expected = {name: lead.version for name, lead in seen.leads.items()}
    return versions == expected and stored_pairs(session, wish.pairs) == seen.pairs


def _written(
    session: Session, service: Service, ready: _Ready, now: datetime
) -> Recorded:
    draft, done = ready.draft, ready.followed
    for name in sorted(done):
        write_lead(session, done[name].lead, done[name].score, now)
    uuids = {name: one.lead.id for name, one in done.items()}
    told = [event for one in done.values() for event in one.told]
    add_events(session, (*draft.plan.arrivals, *told), uuids)
    ended = _performed(session, service, ready, now)
    stories = [_story(name, ready, ended) for name in sorted(done)]
    write_stories(session, stories, service.pipeline, now)
    return Recorded(seen=draft.seen, plan=draft.plan, followed=done)


def _performed(
    session: Session, service: Service, ready: _Ready, now: datetime
) -> EndedTasks:
    """Carry out what was planned and what follows; returns the tasks that this ends."""
    ended: dict[UUID, list[UUID]] = {}
    for name, effect in ready.draft.plan.effects:
        lead = ready.followed[name].lead
        tasks = perform(session, service, lead, effect, now)
        if isinstance(effect, CloseProposal):
            ended[effect.proposal_id] = tasks
    for one in ready.followed.values():
        for outcome in one.outcomes:
            perform_automatic(session, service, one.lead, outcome, now)
        for task in one.tasks:
            perform(session, service, one.lead, task, now)
        if one.score is not None:
            add_score(session, one.lead.id, one.score, now)
    return ended


def _story(name: str, ready: _Ready, ended: EndedTasks) -> Story:
    plan, done = ready.draft.plan, ready.followed[name]
    return Story(
        before=ready.draft.seen.leads.get(name),
        after=done.lead,
        arrivals=plan.arrivals_of(name),
        notes=[note for lead, note in plan.notes if lead == name],
        effects=plan.effects_on(name),
        ended=ended,
        consequences=done.notes,
        origins=done.origins,
    )
