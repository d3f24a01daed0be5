"""The reader's last action, with its lines of the journal: shown once, at once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from governance.audit.chain import Action, Subject, SubjectKind
from serving.audit.trace import Trace, stated_reasons, trace_of
from serving.console.journal.lines import JournalLine, lines_of
from serving.repositories.audit import entries_on
from serving.repositories.tasks import Task, find_task
from serving.runtime.service import Service

_JUST = timedelta(minutes=2)  # a page opened again later shows nothing
_LATEST = 40  # entries looked through


@dataclass(frozen=True, slots=True)
class ClosedTask:
    task: Task
    line: JournalLine


def last_actions_on_lead(
    service: Service, lead_id: str, name: str
) -> list[JournalLine]:
    """What a person did last on a lead, if just now; then what it set off at once."""
    trace = trace_of(service.store, lead_id, _LATEST)
    own = [entry for entry in trace.entries if entry.who.name == name]
    if not own or not _is_fresh(own[-1].at, service.clock()):
        return []
    last, lines = own[-1], lines_of(trace, service.pipeline, service.judgement)
    together = [
        entry
        for entry in trace.entries
        if (entry.at, entry.cause.correlation) == (last.at, last.cause.correlation)
    ]
    together.sort(key=lambda entry: entry.who.name != name)
    return [lines[entry.id] for entry in together]


def last_action_on_rule(service: Service, rule_id: str, name: str) -> list[JournalLine]:
    """What a person did last to a rule itself, if just now."""
    lines, now = _lines(service, Subject(SubjectKind.RULE, rule_id)), service.clock()
    return [line for line in lines[-1:] if line.who == name and _is_fresh(line.at, now)]


def closed_task(service: Service, task_id: UUID, name: str) -> ClosedTask | None:
    """The task that a person closed, if just now."""
    with service.store.reading() as session:
        task = find_task(session, task_id)
    subject, closed = Subject(SubjectKind.TASK, task_id), {Action.TASK_CLOSED.value}
    for line in _lines(service, subject, closed):
        if task and line.who == name and _is_fresh(line.at, service.clock()):
            return ClosedTask(task, line)
    return None


def _lines(
    service: Service, subject: Subject, actions: Iterable[str] = ()
) -> Sequence[JournalLine]:
    """What was done to a subject, the oldest first; of these actions, if any."""
    with service.store.reading() as session:
        entries = entries_on(session, subject, _LATEST)
        words = stated_reasons(session, entries)
    wanted, trace = set(actions), Trace(entries, {}, words)
    lines = lines_of(trace, service.pipeline, service.judgement)
    return [
        lines[entry.id] for entry in entries if not wanted or entry.action in wanted
    ]


def _is_fresh(at: datetime, now: datetime) -> bool:
    return now - at <= _JUST
