"""Recent changes of leads: a sentence each, without its capital and full stop."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.orm import Session

from explanations.rounding import nearest
from features.event import Event
from governance.audit.chain import Action
from serving.console.lead.timeline import title_of
from serving.http.messages_fr import PRIORITY
from serving.repositories.audit import AuditSummary, entries_since
from serving.repositories.events import events_since
from serving.repositories.leads import LeadSummary
from serving.repositories.scores import scores_at

NEWS_LAST = timedelta(days=1)
_MOVES = (Action.PRIORITY_CHANGED, Action.STAGE_OBSERVED, Action.STAGE_MOVED)
_TOLD_AS_MOVES = frozenset({"priority_contested", "stage_changed", "status_adjusted"})


def news_of(
    session: Session,
    leads: Sequence[LeadSummary],
    titles: Mapping[str, str],
    since: datetime,
) -> dict[UUID, str]:
    """What changed since an instant, of the leads of which something did.

    `titles` names the stages.
    """
    uuids = [lead.id for lead in leads]
    scores = scores_at(session, uuids, since)
    moves: dict[UUID | None, list[AuditSummary]] = defaultdict(list)
    for entry in entries_since(session, uuids, _MOVES, since):
        moves[entry.lead].append(entry)
    events: dict[str, list[Event]] = defaultdict(list)
    for event in events_since(session, uuids, since):
        events[event.lead_id].append(event)
    sentences = {
        lead.id: "\u00a0; ".join(
            (
                *_score(scores.get(lead.id), lead.score),
                *_moves(moves[lead.id], titles),
                *_events(events[lead.lead_id]),
            )
        )
        for lead in leads
    }
    return {uuid: sentence for uuid, sentence in sentences.items() if sentence}


def _score(before: float | None, now: float | None) -> Iterator[str]:
    if now is None:
        return
    if before is None:
        yield "premier score"
    elif nearest(before) != nearest(now):
        yield f"score {nearest(before)} → {nearest(now)}"


def _moves(entries: Iterable[AuditSummary], titles: Mapping[str, str]) -> Iterator[str]:
    """From where the first one began to where the last one ended."""
    first: dict[str, Any] = {}
    last: dict[str, Any] = {}
    for entry in entries:
        first = orjson.loads(entry.before or "{}") | first
        last |= orjson.loads(entry.after or "{}")
    if last.get("stage") != first.get("stage"):
        ends = (titles.get(state["stage"], state["stage"]) for state in (first, last))
        yield f"étape {' → '.join(ends)}"
    if last.get("priority") != first.get("priority"):
        bands = (state["priority"] for state in (first, last))
        yield f"priorité {' → '.join(PRIORITY[band] for band in bands if band)}"


def _events(events: Sequence[Event]) -> Iterator[str]:
    """The last one, and how many others there are."""
    titles = [
        title_of(event.kind) for event in events if event.kind not in _TOLD_AS_MOVES
    ]
    if not titles:
        return
    last = titles[-1][:1].lower() + titles[-1][1:]
    match len(titles) - 1:
        case 0:
            yield last
        case 1:
            yield f"{last} et 1\u00a0autre évènement"
        case others:
            yield f"{last} et {others}\u00a0autres évènements"
