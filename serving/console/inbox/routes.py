"""Routes of À traiter: the reader's leads by priority, and the notices of rules."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from explanations.score import Priority
from governance.people.roles import Role
from serving.console.inbox.page import InboxQuery, Silence, inbox_of
from serving.console.page.authentication import TheReader
from serving.console.page.form_parsing import EmptyAsNone
from serving.console.page.rendering import page
from serving.errors import RequestInvalidError
from serving.runtime.dependencies import TheService

router = APIRouter()


Short = Annotated[str, Field(max_length=200)]
Text = Annotated[Short | None, EmptyAsNone]


class Filters(BaseModel):
    """The form of filters, as its address has it."""

    priorite: Annotated[Priority | None, EmptyAsNone] = None
    etape: Text = None
    silence: Annotated[Silence | None, EmptyAsNone] = None
    proprietaire: Text = None
    recherche: Text = None
    page: Annotated[int, Field(ge=1, le=100_000)] = 1

    @property
    def query(self) -> InboxQuery:
        return InboxQuery(
            priority=self.priorite,
            stage=self.etape,
            silence=self.silence,
            owner=self.proprietaire,
            search=self.recherche and self.recherche.strip(),
            page=self.page,
        )


@router.get("/")
def show_inbox(
    service: TheService, reader: TheReader, filters: Annotated[Filters, Query()]
) -> Response:
    if filters.etape and filters.etape not in service.pipeline.by_name:
        raise RequestInvalidError("etape", "enum")
    return page(
        "inbox.html",
        reader,
        inbox=inbox_of(
            service.store,
            service.pipeline,
            reader.person,
            filters.query,
            service.clock(),
        ),
        titles=service.pipeline.titles,
        stages=service.pipeline.stage,
        priorities=list(Priority),
        silences=list(Silence),
        by_owner=reader.person.role is not Role.SALES,
    )
