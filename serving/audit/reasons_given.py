"""Why people did what the audit records, in their words: the audit itself has none."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from pydantic import JsonValue
from sqlalchemy.orm import Session

from governance.audit.chain import Action
from governance.people.overrides import OWN_SOURCE
from serving.repositories.audit import Recorded
from serving.repositories.decisions import concession_reasons, decision_reasons
from serving.repositories.events import data_of
from serving.repositories.proposals import asking_reasons, deciding_reasons
from serving.repositories.suspensions import suspending_words
from serving.repositories.tasks import closing_reasons

_SPOKEN = (  # their events hold the words
    Action.NOTE_ADDED,
    Action.PRIORITY_CONTESTED,
    Action.PRIORITY_CONFIRMED,
    Action.STATUS_ADJUSTED,
    Action.AUTOMATION_SUSPENDED,
)
_WRITTEN: Mapping[Action, Callable[[Session, Iterable[UUID]], Mapping[UUID, str]]] = {
    Action.STAGE_MOVED: decision_reasons,
    Action.CONCESSION_GRANTED: concession_reasons,
    Action.PROPOSAL_OPENED: asking_reasons,
    Action.PROPOSAL_CLOSED: deciding_reasons,
    Action.TASK_CLOSED: closing_reasons,
}


@dataclass(frozen=True, slots=True)
class Words:
    """A reason of the short list, and words of one's own: one of them at least."""

    reason: str | None
    text: str | None


def words_given(session: Session, entries: Sequence[Recorded]) -> dict[UUID, Words]:
    """The words that entries come with, by entry. What one act does several times over
    has them once: where they come first."""
    spoken, written = _spoken(session, entries), _written(session, entries)
    spoken |= _suspending(session, entries)
    found: dict[UUID, Words] = {}
    said = set()
    for entry in entries:
        words = spoken.get(entry.id)
        if words is None and (text := written.get(entry.id)):
            words = Words(None, text)
        if words is None:
            continue
        act = (entry.at, entry.who.id)
        if words.reason is None and (*act, words.text) in said:
            continue
        said |= {(*act, words.reason), (*act, words.text)}
        found[entry.id] = words
    return found


def _spoken(session: Session, entries: Iterable[Recorded]) -> dict[UUID, Words]:
    named = {
        (OWN_SOURCE, str(one.id)): one.id for one in entries if one.action in _SPOKEN
    }
    given = {}
    for pair, about in data_of(session, named).items():
        reason, text = about.get("reason"), about.get("text")
        if reason or text:
            given[named[pair]] = Words(_text(reason), _text(text))
    return given


def _suspending(session: Session, entries: Iterable[Recorded]) -> dict[UUID, Words]:
    """Why rules were suspended."""
    named = {
        UUID(str(one.why["suspension"])): one
        for one in entries
        if one.action == Action.RULE_SUSPENDED
    }
    words = suspending_words(session, named)
    return {
        entry.id: Words(_text(entry.why["reason"]), words.get(suspension))
        for suspension, entry in named.items()
    }


def _written(session: Session, entries: Iterable[Recorded]) -> dict[UUID, str]:
    by_action: dict[str, dict[UUID, UUID]] = {}
    for one in entries:
        if one.action in _WRITTEN:
            by_action.setdefault(one.action, {})[one.id] = UUID(str(one.subject.id))
    return {
        entry: reasons[subject]
        for action, reasons_of in _WRITTEN.items()
        if (subjects := by_action.get(action))
        and (reasons := reasons_of(session, subjects.values()))
        for entry, subject in subjects.items()
        if subject in reasons
    }


def _text(given: JsonValue) -> str | None:
    return given if isinstance(given, str) and given else None
