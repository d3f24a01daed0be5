"""The page Fiche: all that it shows of a lead."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from governance.policy.policy import Concession
from serving.console.lead.charts import Bars, Point, bars_of, line_of
from serving.console.lead.human_decisions import (
    HumanPriority,
    LeadEnding,
    StageStanding,
    human_priority,
    lead_ending,
    stage_standing,
)
from serving.console.lead.timeline import TimelineEvent, timeline_of
from serving.console.page.format_fr import awaited
from serving.errors import LeadUnknownError
from serving.repositories.decisions import Conceded, conceded_on
from serving.repositories.events import stored_events
from serving.repositories.leads import LeadSummary, find_lead, name_of_lead
from serving.repositories.notices import Notice, notices_of
from serving.repositories.privacy.accesses import Access, accesses_to
from serving.repositories.proposals import Proposal, proposals_of
from serving.repositories.scores import score_history
from serving.repositories.suspensions import InForce, lead_suspensions
from serving.repositories.tasks import Task, tasks_of
from serving.runtime.service import Service

EVENTS_ON_A_PAGE = 50
_SCORES = 30
_NOTICES = 5
_ACCESSES = 50
_EVIDENCE = 8  # events shown under a reason


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadPage:
    """`score` is the latest as it was served, None if there is none. `expected` is what
    a person is to do, and by when; nothing of a lead that has an `ending`."""

    lead: LeadSummary
    ending: LeadEnding | None
    standing: StageStanding | None
    score: dict[str, Any] | None
    bars: Bars | None
    history: list[Point]
    events: list[TimelineEvent]
    n_events: int
    first_event: int
    proofs: dict[str, tuple[list[TimelineEvent], int]]  # by idea; and how many more
    proposals: list[Proposal]
    tasks: list[Task]
    expected: str
    survivor: str | None  # the lead into which it was merged, by its id
    notices: list[Notice]
    suspensions: list[InForce]
    conceded: Conceded
    accesses: list[Access]
    human_priority: HumanPriority | None  # None of a lead that ended

    @property
    def is_suspended(self) -> bool:
        return bool(self.suspensions)

    def above(self, limit: float | None) -> frozenset[UUID]:
        """The proposals that are more than the reader may grant."""
        return frozenset(
            proposal.id
            for proposal in self.proposals
            if proposal.concession_percent is not None
            and Concession(
                proposal.concession_percent,
                conceded=self.conceded.percent,
                limit=limit,
            ).is_above_limit
        )


def lead_page(service: Service, lead_id: str, first_event: int) -> LeadPage:
    """A lead with EVENTS_ON_A_PAGE of its events, from `first_event` (0: the latest).

    Raises LeadUnknownError.
    """
    now, judgement = service.clock(), service.judgement
    with service.store.reading() as session:
        lead = find_lead(session, lead_id)
        if lead is None:
            raise LeadUnknownError(lead_id)
        history = score_history(session, lead.id, limit=_SCORES)
        score = history[0] if history and not lead.objected_at else None
        log = stored_events(session, [lead.id])
        events = timeline_of(log, service.pipeline, judgement)
        tasks = tasks_of(session, lead.id)
        ending = lead_ending(session, lead, service.pipeline)
        return LeadPage(
            lead=lead,
            ending=ending,
            standing=stage_standing(session, lead, service.pipeline, log),
            score=score,
            bars=bars_of(score) if score else None,
            history=line_of(history[::-1]),
            events=list(events.values())[first_event : first_event + EVENTS_ON_A_PAGE],
            n_events=len(events),
            first_event=first_event,
            proofs=_proofs(score, events) if score else {},
            proposals=[
                proposal
                for proposal in proposals_of(session, lead.id)
                if not proposal.is_over(now)
            ],
            tasks=tasks,
            expected="" if ending or lead.removal else _expected(score, tasks),
            survivor=name_of_lead(session, lead.merged_into),
            notices=[] if ending else notices_of(session, lead.id, limit=_NOTICES),
            suspensions=lead_suspensions(session, lead.id, now),
            conceded=conceded_on(session, lead.id),
            accesses=accesses_to(session, lead.id, limit=_ACCESSES),
            human_priority=None
            if ending or lead.objected_at
            else human_priority(session, judgement, lead, log),
        )


def _expected(score: dict[str, Any] | None, tasks: list[Task]) -> str:
    """The most urgent task in place of the score's own action: one date, and the same
    as in the list. What would raise the score stays."""
    text: str = score["narrative"]["expected"] if score else ""
    if not tasks:
        return text
    _, _, steps = text.partition(". ")
    return " ".join(filter(None, [awaited(tasks[0]), steps]))


def _proofs(
    score: dict[str, Any], events: dict[tuple[str, str], TimelineEvent]
) -> dict[str, tuple[list[TimelineEvent], int]]:
    """The evidence of each reason, the latest first, by the reason's idea."""
    proofs = {}
    for reason in score["reasons"]:
        pairs = {(event["source"], event["event_id"]) for event in reason["evidence"]}
        evidence = [event for pair, event in events.items() if pair in pairs]
        proofs[reason["idea"]] = (evidence[:_EVIDENCE], len(evidence[_EVIDENCE:]))
    return proofs
