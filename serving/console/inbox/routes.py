"""Routes of À traiter: the reader's leads by priority, and the notices of rules."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from explanations.score import Priority
from governance.people.roles import Role
from serving.console.inbox.page import InboxQuery, Silence, inbox_of
from serving.console.page.authentication import TheReader
from serving.console.page.rendering import page
from serving.errors import RequestInvalidError
from serving.runtime.dependencies import TheNow, ThePipeline, TheStore

router = APIRouter()


@router.get("/")
def show_inbox(
    store: TheStore,
    pipeline: ThePipeline,
    now: TheNow,
    reader: TheReader,
    query: Annotated[InboxQuery, Query()],
) -> Response:
    if query.stage and query.stage not in pipeline.by_name:
        raise RequestInvalidError("etape", "enum")
    return page(
        "inbox.html",
        reader,
        inbox=inbox_of(store, pipeline, reader.person, query, now),
        titles=pipeline.titles,
        stages=pipeline.stage,
        pipeline=pipeline,
        priorities=list(Priority),
        silences=list(Silence),
        by_owner=reader.person.role is not Role.SALES,
    )
