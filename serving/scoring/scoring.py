"""Scores on request: of a stored lead, of events that are sent along, of a log."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import polars as pl

from explanations.score import Ending, Priority, Score
from features.event import Event, events_frame
from features.featurise import moments_frame
from features.log import Location, LogAbout, last_known_at, read_log
from governance.leads.state import LeadState, endings, read_by_model, state_after
from governance.people.feedback import OverrideStanding, judged_at
from governance.policy.pipeline import Pipeline
from serving.errors import LeadRemovedError, LeadUnknownError, ObjectedError
from serving.events.import_log import open_leads
from serving.repositories.events import stored_events
from serving.repositories.lead_states import lead_states
from serving.runtime.served_model import Explains
from serving.runtime.service import Service
from serving.transaction.plan import Plan, Seen, Wish
from serving.transaction.unit_of_work import record
from training.errors import ModelUnavailableError


def score_stored(service: Service, lead_id: str, now: datetime) -> Score:
    """Score a lead from its stored events, and record the score.

    Raises LeadUnknownError, ObjectedError, LeadRemovedError, ModelUnavailableError.
    """
    service.models.current()

    def plan(seen: Seen) -> Plan:
        if lead_id not in seen.leads:
            raise LeadUnknownError(lead_id)
        _refuse_unscored(seen.leads[lead_id])
        return Plan(rescored=frozenset({lead_id}))

    recorded = record(service, Wish(lead_ids=frozenset({lead_id}), plan=plan), now)
    return recorded.scores[lead_id]


def _refuse_unscored(lead: LeadState) -> None:
    """Raises ObjectedError, LeadRemovedError."""
    if lead.wishes.has_objected:
        raise ObjectedError
    if lead.removal is not None:
        raise LeadRemovedError(lead.removal, lead.survivor)


def previewed(service: Service, lead_id: str, now: datetime) -> Score:
    """The score that `score_stored` would give; writes nothing."""
    explainer = service.models.current()
    with service.store.reading() as session:
        lead = lead_states(session, [lead_id]).get(lead_id)
        if lead is None:
            raise LeadUnknownError(lead_id)
        _refuse_unscored(lead)
        events = {lead_id: stored_events(session, [lead.id])}
    previous = {lead_id: lead.band} if lead.band else {}
    ended = endings([lead], service.pipeline)
    log = events_frame(read_by_model(events, ended, service.pipeline))
    moments = moments_frame([(lead_id, now)])
    (score,) = explainer.scores(log, moments, previous, ended)
    by_person = service.judgement.standing(events[lead_id]) is not OverrideStanding.NONE
    is_settled = service.cases.are_settled(judged_at(events[lead_id]), now)
    is_kept = by_person or score.priority is lead.band
    if lead.priority is None or not (is_kept or is_settled):
        return score
    return explainer.retold(
        score,
        lead.priority,
        lead.priority if is_kept else score.priority,
        ended.get(lead_id),
        by_person=by_person,
        is_settled=is_settled,
    )


def score_given(
    explainer: Explains,
    leads: Mapping[str, Sequence[Event]],
    pipeline: Pipeline,
    moment: datetime,
) -> list[Score]:
    """Score leads, each from its events, at one moment; writes nothing."""
    known = {
        lead_id: state_after(
            LeadState.unknown(lead_id, pipeline),
            (e for e in events if max(e.occurred_at, e.received_at) <= moment),
            pipeline,
        )
        for lead_id, events in leads.items()
    }
    ended = endings(known.values(), pipeline)
    return explainer.scores(
        events_frame(read_by_model(leads, ended, pipeline)),
        moments_frame((lead_id, moment) for lead_id in leads),
        closed=ended,
    )


def log_scores(
    location: Location, explainer: Explains, leads: Sequence[str] | None = None
) -> list[Score]:
    """The scores at the log's end of some leads, or of the open ones; best first.

    Raises
    ------
    LogError
        If the location is no log.
    LeadUnknownError
        If a lead isn't in it.
    ModelUnavailableError
        If the model was trained on another sort of log.
    """
    log = read_log(location)
    if not explainer.reads(log.events):
        raise ModelUnavailableError(
            f"model {explainer.model.name} {explainer.model.version} was trained on "
            f"another sort of log than {log.about.name!r}: name a version with --model"
        )
    names = open_leads(log) if leads is None else leads
    events = log.events.filter(pl.col("lead_id").is_in(names))
    for name in set(names) - set(events["lead_id"]):
        raise LeadUnknownError(name)
    end = last_known_at(log.events.lazy())
    moments = moments_frame((name, end) for name in names)
    scores = explainer.scores(events, moments, closed=_ended(events, log.about))
    rank = {Priority.HIGH: 0, Priority.NORMAL: 1, Priority.LOW: 2}
    return sorted(scores, key=lambda score: (rank[score.priority], -score.score))


def _ended(events: pl.DataFrame, about: LogAbout) -> dict[str, Ending]:
    """How the leads ended that did: by the last outcome of each."""
    outcome = dict.fromkeys(about.won_kinds, Ending.WON)
    outcome |= dict.fromkeys(about.lost_kinds, Ending.LOST)
    ends = events.filter(pl.col("kind").is_in([*outcome])).sort("occurred_at")
    return {
        lead_id: outcome[kind]
        for lead_id, kind in ends.select("lead_id", "kind").rows()
    }
