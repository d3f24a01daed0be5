"""Routes of Tâches: the open tasks, and their closing."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from fastapi.responses import RedirectResponse

from explanations.calendar_fr import paris_day
from governance.policy.task import TaskStatus
from serving.auth.visibility import visibility_of_caller
from serving.automation.schemas import TaskClosing
from serving.console.journal.last_actions import ClosedTask, closed_task
from serving.console.page.authentication import TheDecider, TheForm, TheReader
from serving.console.page.form_parsing import filled
from serving.console.page.rendering import HOME, page
from serving.database.engine import Store
from serving.decisions.tasks import close_task
from serving.repositories.persons import Person
from serving.repositories.tasks import Task, listed_tasks
from serving.runtime.dependencies import TheService
from serving.runtime.service import Service

router = APIRouter(prefix="/taches")
_SHOWN = 100


@router.get("")
def show_tasks(
    service: TheService,
    reader: TheReader,
    toutes: bool | None = None,
    fait: Annotated[str, Query(max_length=64)] = "",
) -> Response:
    """Those of who reads; `toutes`: those on every lead that they see, as for who has
    none unless they ask for their own. `fait`: the task that they have just closed."""
    store, person = service.store, reader.person
    mine = [] if toutes else _open_tasks(store, person, person.name)
    everybodys = not mine if toutes is None else toutes
    tasks = _open_tasks(store, person, None) if everybodys else mine
    return page(
        "tasks.html",
        reader,
        tasks=tasks,
        everybodys=everybodys,
        none_mine=toutes is None and not mine,
        closed=_closed(service, person, fait),
        today=paris_day(service.clock()),
    )


def _open_tasks(store: Store, person: Person, owner: str | None) -> list[Task]:
    visibility = visibility_of_caller(store, person)
    with store.reading() as session:
        return listed_tasks(session, TaskStatus.OPEN, owner, _SHOWN, visibility)


def _closed(service: Service, person: Person, named: str) -> ClosedTask | None:
    try:
        return closed_task(service, UUID(named), person.name)
    except ValueError:  # the address names no task
        return None


@router.post("/{task_id}/clore")
def close(
    task_id: UUID,
    person: TheDecider,
    service: TheService,
    form: TheForm,
    toutes: bool = False,
) -> Response:
    """`toutes`: the list that the form stood in, and that is shown again."""
    reason = filled(TaskClosing, form).reason
    close_task(service, task_id, person, reason, service.clock())
    listed = "toutes=1&" if toutes else ""
    return RedirectResponse(f"{HOME}/taches?{listed}fait={task_id}", status_code=303)
