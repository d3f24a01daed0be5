"""Look and plan, then score: what is known before anything is locked or written."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import polars as pl
from sqlalchemy.orm import Session

from explanations.score import Ending, Score
from features.event import Event, events_frame
from features.featurise import moments_frame
from serving.events import stored_events, stored_pairs
from serving.lead_state import LeadState, after, endings
from serving.models import Explains, Models
from serving.plans import Plan, Seen, Wish
from serving.scores import PastScore, past_scores
from serving.service import Service
from serving.standing import lead_states
from serving.suspensions import suspended_rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """`leads` as they will be once the plan's arrivals are known; `log` has these too,
    of the leads to score. `moments` is when each of these is scored."""

    seen: Seen
    plan: Plan
    leads: Mapping[str, LeadState]
    log: pl.DataFrame
    moments: Mapping[str, datetime]
    pasts: Mapping[str, PastScore]
    closed: Mapping[str, Ending]
    suspended_rules: frozenset[str]


def drafted(session: Session, service: Service, wish: Wish, now: datetime) -> Draft:
    seen = Seen(
        leads=lead_states(session, wish.lead_ids, now),
        pairs=stored_pairs(session, wish.pairs),
    )
    plan = wish.plan(seen)
    leads = _leads_after(seen, plan, service)
    if plan.is_tick:
        leads = {name: replace(one, looked_at=now) for name, one in leads.items()}
    log, pasts = events_frame([]), {}
    if plan.to_score:
        uuids = {name: leads[name].id for name in plan.to_score}
        log = stored_events(session, uuids.values())
        log = pl.concat([log, events_frame(plan.arrivals)])
        pasts = past_scores(session, uuids)
    latest = _latest_known(log)
    return Draft(
        seen=seen,
        plan=plan,
        leads=leads,
        log=log,
        moments={
            name: max(now, latest.get(name, now)) for name in sorted(plan.to_score)
        },
        pasts=pasts,
        closed=endings(leads.values(), service.pipeline),
        suspended_rules=suspended_rules(session, now),
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
    for sha256 in {past.model_sha256 for past in draft.pasts.values()}:
        earlier = models.of(sha256)
        if earlier is not None:
            pasts = {
                name: one.past
                for name, one in draft.pasts.items()
                if one.model_sha256 == sha256
            }
            scores = explainer.changed(scores, draft.log, pasts, earlier)
    return {score.lead_id: score for score in scores}


def _leads_after(seen: Seen, plan: Plan, service: Service) -> dict[str, LeadState]:
    arrivals: dict[str, list[Event]] = {name: [] for name in plan.touched}
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


def _latest_known(log: pl.DataFrame) -> dict[str, datetime]:
    """When the last of a lead's events was known: clocks differ by a little."""
    known_at = pl.max_horizontal("occurred_at", "received_at")
    return dict(log.group_by("lead_id").agg(known_at.max().alias("at")).iter_rows())
