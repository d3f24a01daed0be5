"""The one door to the store: look, plan, score, and write if nothing moved.

Reading and scoring happen outside of locks. Inside, the leads' versions are
compared; if one moved, everything starts again, and the fourth time it all happens
as the only writer (DESIGN §9).
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import polars as pl
from sqlalchemy.orm import Session

from explanations.score import Ending, Score
from features.event import Event, events_frame
from features.featurise import moments_frame
from governance.audit import Note
from governance.decision import CloseProposal, Effect
from serving.auditing import EndedTasks, Story, write_stories
from serving.errors import StoreOvertakenError
from serving.events import Pair, add_events, pair_of, stored_events, stored_pairs
from serving.lead_state import LeadState, after, endings
from serving.leads import (
    lead_states,
    lead_versions,
    lock_every_lead,
    write_lead,
)
from serving.models import Explains, Models
from serving.performing import perform
from serving.scores import PastScore, add_score, past_scores
from serving.service import Service

TRIES_OUTSIDE_THE_LOCK = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The leads as they stand, and which of the pairs asked for are stored."""

    leads: Mapping[str, LeadState]
    pairs: frozenset[Pair] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to write. Leads of `arrivals` and of `rescored` get a new score.

    Changes are audited of themselves; `notes` are what else the audit keeps.
    """

    arrivals: tuple[Event, ...] = ()
    effects: tuple[tuple[str, Effect], ...] = ()  # (lead_id, effect)
    notes: tuple[tuple[str, Note], ...] = ()  # (lead_id, note)
    rescored: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A call that writes: the leads and pairs to look at, and how it plans.

    `plan` is called again each time something moved; what it raises ends the call.
    """

    lead_ids: frozenset[str]
    plan: Callable[[Seen], Plan]
    pairs: frozenset[Pair] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    seen: Seen
    plan: Plan
    leads: Mapping[str, LeadState]
    scores: Mapping[str, Score]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    seen: Seen
    plan: Plan
    leads: Mapping[str, LeadState]  # as they will be
    log: pl.DataFrame  # of the leads to score
    pasts: Mapping[str, PastScore]
    closed: Mapping[str, Ending]


def record(service: Service, wish: Wish, now: datetime) -> Recorded:
    """Carry out a wish in one transaction, on leads that nobody else changed."""
    with service.turns.of(wish.lead_ids):
        return _recorded(service, wish, now)


def _recorded(service: Service, wish: Wish, now: datetime) -> Recorded:
    explainer = service.models.loaded
    for _ in range(TRIES_OUTSIDE_THE_LOCK):
        with service.store.reading() as session:
            draft = _drafted(session, service, wish, explainer)
        scores = _scored(draft, explainer, service.models, now)
        with suppress(StoreOvertakenError), service.store.writing() as session:
            if _nothing_moved(session, wish, draft.seen):
                return _written(session, service, draft, scores, now)
    with service.store.writing() as session:
        lock_every_lead(session)
        draft = _drafted(session, service, wish, explainer)
        scores = _scored(draft, explainer, service.models, now)
        return _written(session, service, draft, scores, now)


def _drafted(
    session: Session, service: Service, wish: Wish, explainer: Explains | None
) -> _Draft:
    seen = Seen(
        leads=lead_states(session, wish.lead_ids),
        pairs=stored_pairs(session, wish.pairs),
    )
    plan = wish.plan(seen)
    leads = _leads_after(seen, plan, service)
    log, pasts = events_frame([]), {}
    if explainer is not None:
        uuids = {name: leads[name].id for name in _to_score(plan)}
        log = stored_events(session, uuids.values())
        pasts = past_scores(session, uuids)
    return _Draft(
        seen=seen,
        plan=plan,
        leads=leads,
        log=log,
        pasts=pasts,
        closed=endings(leads.values(), service.pipeline),
    )


def _leads_after(seen: Seen, plan: Plan, service: Service) -> dict[str, LeadState]:
    arrivals: dict[str, list[Event]] = {name: [] for name in _touched(plan)}
    for event in plan.arrivals:
        arrivals[event.lead_id].append(event)
    return {
        name: after(
            seen.leads.get(name) or LeadState.unknown(name, service.pipeline),
            events,
            service.pipeline,
        )
        for name, events in arrivals.items()
    }


def _scored(
    draft: _Draft, explainer: Explains | None, models: Models, now: datetime
) -> dict[str, Score]:
    names = sorted(_to_score(draft.plan))
    if explainer is None or not names:
        return {}
    log = pl.concat([draft.log, events_frame(draft.plan.arrivals)])
    latest = _latest_known(log)
    moments = moments_frame((name, max(now, latest.get(name, now))) for name in names)
    previous = {
        name: lead.priority for name, lead in draft.leads.items() if lead.priority
    }
    scores = explainer.scores(log, moments, previous, draft.closed)
    for sha256 in {past.model_sha256 for past in draft.pasts.values()}:
        earlier = models.of(sha256)
        if earlier is not None:
            pasts = {
                name: one.past
                for name, one in draft.pasts.items()
                if one.model_sha256 == sha256
            }
            scores = explainer.changed(scores, log, pasts, earlier)
    return {score.lead_id: score for score in scores}


def _latest_known(log: pl.DataFrame) -> dict[str, datetime]:
    """When the last of a lead's events was known: clocks differ by a little."""
    known_at = pl.max_horizontal("occurred_at", "received_at")
    return dict(log.group_by("lead_id").agg(known_at.max().alias("at")).iter_rows())


def _nothing_moved(session: Session, wish: Wish, seen: Seen) -> bool:
    versions = lead_versions(session, wish.lead_ids)
    expected = {name: lead.version for name, lead in seen.leads.items()}
    return versions == expected and stored_pairs(session, wish.pairs) == seen.pairs


def _written(
    session: Session,
    service: Service,
    draft: _Draft,
    scores: Mapping[str, Score],
    now: datetime,
) -> Recorded:
    for name in sorted(draft.leads):
        write_lead(session, draft.leads[name], scores.get(name), now)
    uuids = {name: lead.id for name, lead in draft.leads.items()}
    add_events(session, draft.plan.arrivals, uuids)
    ended: dict[UUID, list[UUID]] = {}
    for name, effect in draft.plan.effects:
        tasks = perform(session, service, uuids[name], effect, now)
        if isinstance(effect, CloseProposal):
            ended[effect.proposal_id] = tasks
    for name, score in scores.items():
        add_score(session, uuids[name], score, now)
    stories = [_story(name, draft, scores, ended) for name in sorted(draft.leads)]
    write_stories(session, stories, service.pipeline, now)
    return Recorded(seen=draft.seen, plan=draft.plan, leads=draft.leads, scores=scores)


def _story(
    name: str, draft: _Draft, scores: Mapping[str, Score], ended: EndedTasks
) -> Story:
    plan = draft.plan
    return Story(
        before=draft.seen.leads.get(name),
        after=draft.leads[name],
        arrivals=[event for event in plan.arrivals if event.lead_id == name],
        notes=[note for lead, note in plan.notes if lead == name],
        effects=[effect for lead, effect in plan.effects if lead == name],
        score=scores.get(name),
        ended=ended,
    )


def _to_score(plan: Plan) -> frozenset[str]:
    return plan.rescored | {event.lead_id for event in plan.arrivals}


def _touched(plan: Plan) -> Iterable[str]:
    return _to_score(plan) | {name for name, _ in (*plan.effects, *plan.notes)}


def pairs_of(events: Iterable[Event]) -> frozenset[Pair]:
    return frozenset(map(pair_of, events))
