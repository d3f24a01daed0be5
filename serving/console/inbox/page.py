"""The page À traiter: leads, each with a reason, what changed and what is due."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import IntEnum
from typing import Annotated, Any
from urllib.parse import urlencode

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from explanations.calendar_fr import PARIS, paris_day
from explanations.score import Priority
from governance.people.crm_users import one_form
from governance.people.roles import Role
from governance.policy.pipeline import Pipeline
from serving.auth.visibility import visibility_of_caller
from serving.console.inbox.recent_changes import NEWS_LAST, news_of
from serving.console.page.form_parsing import EmptyAsNone
from serving.console.page.format_fr import silence
from serving.database.engine import Store
from serving.repositories.leads import (
    LeadFilter,
    LeadSummary,
    count_leads,
    listed_leads,
    owners_seen,
)
from serving.repositories.notices import Notice, notices_to
from serving.repositories.persons import Person
from serving.repositories.scores import latest_scores
from serving.repositories.tasks import Task, next_tasks

ON_A_PAGE = 25
_NOTICES = 5
_NOTICES_LAST = timedelta(days=7)


class Silence(IntEnum):
    """How many days without a sign of the lead; since it entered, if it gave none."""

    WEEK = 7
    FORTNIGHT = 14
    MONTH = 30

    def began(self, now: datetime) -> datetime:
        """From then on, by days in Paris, there was no sign of the lead."""
        first_day = paris_day(now) - timedelta(days=self - 1)
        return datetime.combine(first_day, time(), PARIS)


Text = Annotated[Annotated[str, Field(max_length=200)] | None, EmptyAsNone]
Named = Annotated[Text, AfterValidator(lambda text: text and one_form(text))]


class InboxQuery(BaseModel):
    """The filters, as the page's address has them, and which page (1 and more)."""

    model_config = ConfigDict(frozen=True)

    priority: Annotated[Priority | None, EmptyAsNone] = Field(None, alias="priorite")
    stage: Text = Field(None, alias="etape")
    silence: Annotated[Silence | None, EmptyAsNone] = None
    owner: Named = Field(None, alias="proprietaire")
    search: Named = Field(None, alias="recherche")
    page: Annotated[int, Field(ge=1, le=100_000)] = 1

    @property
    def is_filtered(self) -> bool:
        wanted = (self.priority, self.stage, self.silence, self.owner, self.search)
        return any(wanted)

    def shows_closed(self, closing: Collection[str]) -> bool:
        """Are leads that ended asked for? By such a stage, or by a search that is for
        no priority and no silence: a lead that ended has neither."""
        is_for_open = self.priority is not None or self.silence is not None
        return self.stage in closing or (self.search is not None and not is_for_open)

    def address(self, page: int) -> str:
        """The query of another page of the same list."""
        other = self.model_copy(update={"page": page})
        return urlencode(
            other.model_dump(mode="json", by_alias=True, exclude_none=True)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxLine:
    """A lead; `news`, of the last day, and `expected` are sentences, or None.

    Of one that `is_closed` nothing is expected, and its silence is nothing to tell.
    """

    lead: LeadSummary
    is_closed: bool
    silence: str | None
    news: str | None
    expected: str | None
    task: Task | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbox:
    query: InboxQuery
    lines: list[InboxLine]
    total: int
    owners: list[str]
    notices: list[tuple[str, Notice]]

    @property
    def pages(self) -> int:
        return max(1, math.ceil(self.total / ON_A_PAGE))


def inbox_of(
    store: Store, pipeline: Pipeline, person: Person, query: InboxQuery, now: datetime
) -> Inbox:
    """The page that is asked for, else the last one there is."""
    visibility = visibility_of_caller(store, person)
    closing = {stage.name for stage in pipeline.stage if stage.closes}
    wanted = LeadFilter(
        priority=query.priority,
        stage=query.stage,
        owner=query.owner,
        silent_since=query.silence.began(now) if query.silence else None,
        search=query.search,
        with_closed=query.shows_closed(closing),
        visibility=visibility,
    )
    with store.reading() as session:
        total = count_leads(session, wanted)
        last = max(1, math.ceil(total / ON_A_PAGE))
        query = query.model_copy(update={"page": min(query.page, last)})
        start = (query.page - 1) * ON_A_PAGE
        leads = listed_leads(session, wanted, limit=ON_A_PAGE, offset=start)
        uuids = [lead.id for lead in leads]
        scores, tasks = latest_scores(session, uuids), next_tasks(session, uuids)
        news = news_of(session, leads, pipeline.titles, now - NEWS_LAST)
        notices = notices_to(
            session,
            person.name,
            now - _NOTICES_LAST,
            limit=_NOTICES,
            visibility=visibility,
        )
        is_rep = person.role is Role.SALES  # whose leads are all their own
        owners = [] if is_rep else owners_seen(session, visibility)
    lines = [
        InboxLine(
            lead=lead,
            is_closed=is_closed,
            silence=None
            if is_closed
            else silence(lead.last_sign_at, lead.entered_at, now),
            news=news.get(lead.id),
            expected=None
            if is_closed or lead.objected_at
            else _expected(scores.get(lead.id)),
            task=tasks.get(lead.lead_id),
        )
        for lead in leads
        for is_closed in [lead.stage in closing or lead.removal is not None]
    ]
    return Inbox(query=query, lines=lines, total=total, owners=owners, notices=notices)


def _expected(score: Mapping[str, Any] | None) -> str | None:
    """The first sentence of what a score, as it was served, expects of a person."""
    text = score["narrative"]["expected"] if score else ""
    return text.partition(". ")[0].rstrip(".") + "." if text else None
