"""Tâches: what people are expected to do, and that it is done."""

from uuid import UUID

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from explanations.french import paris_day
from serving.console.callers import TheDecider, TheForm, TheReader
from serving.console.forms import body_of
from serving.console.pages import HOME, page
from serving.doors import TheService
from serving.routes_rules import close_task
from serving.sights import sight_of_caller
from serving.tasks import TaskStatus, listed_tasks

router = APIRouter(prefix="/taches")
_SHOWN = 100


@router.get("")
def show_tasks(
    service: TheService, found: TheReader, toutes: bool = False, fait: bool = False
) -> Response:
    """Those of who reads; `toutes`: those on every lead that they see."""
    owner = None if toutes else found.person.name
    sight = sight_of_caller(service, found.person)
    with service.store.reading() as session:
        tasks = listed_tasks(session, TaskStatus.OPEN, owner, _SHOWN, sight)
    today = paris_day(service.clock())
    return page(
        "tasks.html", found, tasks=tasks, everybodys=toutes, done=fait, today=today
    )


@router.post("/{task_id}/clore")
def close(
    task_id: UUID, person: TheDecider, service: TheService, form: TheForm
) -> Response:
    close_task(task_id, person, service, body_of(form))
    return RedirectResponse(f"{HOME}/taches?fait=1", status_code=303)
