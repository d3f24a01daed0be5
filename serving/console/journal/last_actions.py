"""What the reader has just done, with its lines of the audit: told once, at once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from governance.audit.chain import Action, Subject, SubjectKind
from serving.audit.reasons_given import words_given
from serving.audit.trace import Trace, trace_of
from serving.console.journal.lines import Line, lines_of
from serving.repositories.audit import entries_on
from serving.repositories.tasks import Task, find_task
from serving.runtime.service import Service

_JUST = timedelta(minutes=2)  # a page opened again later tells nothing
_LATEST = 40  # entries looked through


@dataclass(frozen=True, slots=True)
class ClosedTask:
    task: Task
    line: Line


def done_on_lead(service: Service, lead_id: str, name: str) -> list[Line]:
    """What a person did last on a lead, if just now; then what it set off at once."""
    trace = trace_of(service.store, lead_id, _LATEST)
    mine = [one for one in trace.entries if one.who.name == name]
    if not mine or not _is_fresh(service, mine[-1].at):
        return []
    last, lines = mine[-1], lines_of(trace, service)
    together = [
        one
        for one in trace.entries
        if (one.at, one.cause.correlation) == (last.at, last.cause.correlation)
    ]
    together.sort(key=lambda one: one.who.name != name)
    return [lines[one.id] for one in together]


def done_to_rule(service: Service, rule_id: str, name: str) -> list[Line]:
    """What a person did last to a rule itself, if just now."""
    lines = _lines(service, Subject(SubjectKind.RULE, rule_id))
    return [one for one in lines[-1:] if one.who == name and _is_fresh(service, one.at)]


def closed_task(service: Service, task_id: UUID, name: str) -> ClosedTask | None:
    """The task that a person closed, if just now."""
    with service.store.reading() as session:
        task = find_task(session, task_id)
    subject, closed = Subject(SubjectKind.TASK, task_id), {Action.TASK_CLOSED.value}
    for line in _lines(service, subject, closed):
        if task and line.who == name and _is_fresh(service, line.at):
            return ClosedTask(task, line)
    return None


def _lines(
    service: Service, subject: Subject, actions: Iterable[str] = ()
) -> Sequence[Line]:
    """What was done to a subject, the oldest first; of these actions, if any."""
    with service.store.reading() as session:
        entries = entries_on(session, subject, _LATEST)
        words = words_given(session, entries)
    wanted = set(actions)
    lines = lines_of(Trace(entries, {}, words), service)
    return [lines[one.id] for one in entries if not wanted or one.action in wanted]


def _is_fresh(service: Service, at: datetime) -> bool:
    return service.clock() - at <= _JUST
