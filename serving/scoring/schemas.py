"""Schemas of scores and leads."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from explanations.score import Grade, Priority
from governance.people.assurance import Assurance
from governance.policy.removal import Removal
from serving.decisions.schemas import InForceShown, OwnerName, ProposalShown, TaskShown
from serving.formats.cloud_event import CloudEvent, Instant
from serving.formats.lead_id import LeadId
from serving.formats.schema import Sent, Shown
from serving.formats.score_json import ScoreShown
from serving.repositories.decisions import Conceded
from serving.repositories.notices import Notice


class LeadSent(Sent):
    lead_id: LeadId
    events: tuple[CloudEvent, ...] = ()


class ScoresAsked(Sent):
    moment: Instant | None = None
    leads: Annotated[tuple[LeadSent, ...], Field(min_length=1)]


class ScoresShown(Shown):
    scores: list[ScoreShown]


class LeadsAsked(Sent):
    """The query of the list."""

    priority: Priority | None = None
    stage: Annotated[str, Field(max_length=64)] | None = None
    owner: OwnerName | None = None
    with_closed: bool = False
    limit: Annotated[int, Field(ge=1, le=500)] = 50
    offset: Annotated[int, Field(ge=0, le=1_000_000)] = 0


class LeadLine(Shown):
    """`stage_assurance` and `observed_stage`: as of one lead."""

    lead_id: str
    stage: str
    stage_assurance: Assurance | None
    observed_stage: str | None
    owner: str | None
    priority: Priority | None
    score: float | None
    grade: Grade | None
    short: str | None
    moment: datetime | None


class LeadsShown(Shown):
    total: int
    leads: list[LeadLine]


class NoticeShown(Shown, Notice):
    """What a rule told somebody of the lead."""


class ConcededShown(Shown, Conceded):
    """In percent, all told; and what of it no person signed."""


class LeadShown(Shown):
    """`priority` is the one that stands, whoever gave it; `suspensions` hold automation
    on the lead; `conceded` is of the price, so far.

    `stage_assurance`: a person signed the stage, a key vouches for who brought the lead
    there, or nobody known did; null of a history. `stage_to_confirm`: it is reserved,
    and nobody known did. `observed_stage`: where another system says that the lead is,
    against the `signed_stage`, or the `vouched_stage` that a key vouched for since, and
    these stand. `objected_at`: the person objects to being profiled since then: no
    score, no automation. `removal`: what another system did with the lead, since
    `removed_at`; one that was merged is part of `merged_into`.
    """

    lead_id: str
    stage: str
    stage_assurance: Assurance | None
    stage_to_confirm: bool
    signed_stage: str | None
    vouched_stage: str | None
    observed_stage: str | None
    priority: Priority | None
    owner: str | None
    score: ScoreShown | None
    proposals: list[ProposalShown]
    tasks: list[TaskShown]
    notices: list[NoticeShown]
    suspensions: list[InForceShown]
    conceded: ConcededShown
    objected_at: datetime | None
    removal: Removal | None
    removed_at: datetime | None
    merged_into: str | None
