"""Look and plan, then score: what is known before anything is locked or written."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import polars as pl
from sqlalchemy.orm import Session

from explanations.score import Ending, Score
from features.event import Event, events_frame
from features.featurise import moments_frame
from governance.leads.automation_context import AutomationContext
from governance.leads.state import LeadState, endings, read_by_model, state_after
from governance.people.overrides import OWN_SOURCE
from governance.policy.pipeline import Pipeline
from governance.policy.removal import Removal
from serving.errors import LeadRemovedError
from serving.repositories.events import (
    events_of_pairs,
    stored_events,
    stored_pairs,
    told_wishes,
)
from serving.repositories.lead_states import lead_states
from serving.repositories.suspensions import suspended
from serving.runtime.served_model import Explains, Models
from serving.transaction.plan import Plan, Seen, Wish
from serving.transaction.task_lifecycle import (
    with_answers,
    with_endings,
    with_handovers,
    with_objections,
    with_settled,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """`leads` as they will be once the plan's arrivals are known; `events` has these
    too, by lead, of the leads to score: none that objects to it. `moments` is when each
    of these is scored."""

    seen: Seen
    plan: Plan
    leads: Mapping[str, LeadState]
    events: Mapping[str, Sequence[Event]]
    log: pl.DataFrame  # the same, of a lead that ended without its end
    moments: Mapping[str, datetime]
    closed: Mapping[str, Ending]
    suspended_rules: frozenset[str]


def drafted(
    session: Session, context: AutomationContext, wish: Wish, now: datetime
) -> Draft:
    pipeline = context.assignees.pipeline
    stopped = suspended(session, now)
    pairs = stored_pairs(session, wish.pairs)
    stored_leads = lead_states(session, wish.lead_ids, stopped.leads)
    uuids_seen = [lead.id for lead in stored_leads.values()]
    seen = Seen(
        leads=stored_leads,
        pairs=pairs,
        stored=events_of_pairs(session, pairs),
        told_wishes=(
            told_wishes(session, uuids_seen) if wish.reads_told_wishes else ()
        ),
    )
    plan = wish.plan(seen)
    _refuse_merged(seen, plan)
    leads = _leads_after(seen, plan, pipeline)
    if plan.merged is not None:
        leads = _with_merger(leads, *plan.merged)
    plan = with_endings(session, seen, plan, leads, pipeline)
    plan = with_objections(session, seen, plan, leads)
    plan = with_answers(session, seen, plan, leads, pipeline)
    plan = with_settled(session, seen, plan, context.cases)
    plan = with_handovers(session, seen, plan, leads, context.assignees)
    if plan.is_tick:
        leads = {name: replace(lead, looked_at=now) for name, lead in leads.items()}
    uuids = {
        name: leads[name].id
        for name in sorted(plan.to_score)
        if not leads[name].is_unscored
    }
    events: dict[str, list[Event]] = {name: [] for name in uuids}
    stored = stored_events(session, uuids.values()) if uuids else []
    for event in (*stored, *plan.arrivals):
        if event.lead_id in events:
            events[event.lead_id].append(event)
    closed = endings(leads.values(), pipeline)
    return Draft(
        seen=seen,
        plan=plan,
        leads=leads,
        events=events,
        log=events_frame(read_by_model(events, closed, pipeline)),
        moments={name: _moment(known, now) for name, known in events.items()},
        closed=closed,
        suspended_rules=stopped.rules,
    )


def scored(
    draft: Draft, explainer: Explains | None, models: Models
) -> dict[str, Score]:
    """The scores of the leads to score; none without a model."""
    if explainer is None or not draft.moments:
        return {}
    moments = moments_frame(draft.moments.items())
    previous = {name: lead.band for name, lead in draft.leads.items() if lead.band}
    scores = explainer.scores(draft.log, moments, previous, draft.closed)
    pasts = {  # none of a clock that has gone back since
        name: past
        for name, moment in draft.moments.items()
        if (past := draft.leads[name].past) and past.past.moment <= moment
    }
    for sha256 in {past.model_sha256 for past in pasts.values()}:
        earlier = models.of(sha256)
        if earlier is not None:
            theirs = {n: p.past for n, p in pasts.items() if p.model_sha256 == sha256}
            scores = explainer.changed(scores, draft.log, theirs, earlier)
    return {score.lead_id: score for score in scores}


def _leads_after(seen: Seen, plan: Plan, pipeline: Pipeline) -> dict[str, LeadState]:
    arrivals: dict[str, list[Event]] = {name: [] for name in plan.touched}
    for event in plan.arrivals:
        arrivals[event.lead_id].append(event)
    known = {lead.lead_id: lead for lead in plan.begun} | dict(seen.leads)
    return {
        name: state_after(
            known.get(name) or LeadState.unknown(name, pipeline),
            events,
            pipeline,
            plan.history_until,
        )
        for name, events in arrivals.items()
    }


def _refuse_merged(seen: Seen, plan: Plan) -> None:
    """What is said here of a lead that is part of another would be lost on it; raises
    LeadRemovedError."""
    said = {event.lead_id for event in plan.arrivals if event.source == OWN_SOURCE}
    for name in sorted(said.union(name for name, _ in plan.entries)):
        lead = seen.leads.get(name)
        if lead is not None and lead.removal is Removal.MERGED:
            raise LeadRemovedError(lead.removal)  # not everybody may see the other


def _with_merger(
    leads: dict[str, LeadState], merged: str, into: str
) -> dict[str, LeadState]:
    """The leads once one of them is part of another."""
    survivor = leads[into].with_merged(leads[merged])
    part = replace(leads[merged], merged_into=survivor.id, survivor=into)
    return {**leads, merged: part, into: survivor}


def _moment(events: Iterable[Event], now: datetime) -> datetime:
    """Now, or when the last of the events is known: clocks differ by a little."""
    known_at = (max(event.occurred_at, event.received_at) for event in events)
    return max([now, *known_at])
