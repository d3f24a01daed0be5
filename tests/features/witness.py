"""Events that a signal reads: the fewest that change it, for any signal."""

from dataclasses import replace
from datetime import datetime, timedelta

from pydantic import JsonValue

from features.catalogue import Catalogue, Share, Signal
from features.event import Actor, Event
from features.selector import ANY_VALUE, KIND_FIELD, FieldSelector, Selector
from tests.factories import make_event


def witness(signal: Signal, catalogue: Catalogue, at: datetime) -> list[Event]:
    """Events of the lead L-1, the last of them at `at`, that the signal reads."""
    if signal.latency is not None:
        each = [_read(signal.latency.from_, catalogue)]
        if signal.latency.statistic != "pending":
            each.append(_read(signal.latency.to, catalogue))
    else:
        selector = _both(signal.share) if signal.share else signal.selectors[0]
        each = [*_before(selector, catalogue), _read(selector, catalogue)]
    return [
        make_event(
            event_id=f"W-{number}",
            occurred_at=at - timedelta(hours=len(each) - 1 - number),
            **overrides,
        )
        for number, overrides in enumerate(each)
    ]


def delayed(events: list[Event], until: datetime, *, only_receipt: bool) -> list[Event]:
    """The same events, each happening, or only received, at `until`."""
    if only_receipt:
        return [replace(one, received_at=until) for one in events]
    return [replace(one, occurred_at=until, received_at=until) for one in events]


def _both(share: Share) -> Selector:
    """What is in the share's part, and so in its whole."""
    of, among = share.of, share.among
    return Selector(
        kind=of.kind or among.kind,
        actor=of.actor or among.actor,
        where=(*among.where, *of.where),
        after=of.after or among.after,
    )


def _before(selector: Selector, catalogue: Catalogue) -> list[dict[str, object]]:
    """What must have happened before for the selector to read anything."""
    if selector.after is None:
        return []
    return [_read(Selector(kind=(selector.after,)), catalogue)]


def _read(selector: Selector, catalogue: Catalogue) -> dict[str, object]:
    """An event that the selector reads, but for its place in time."""
    wanted: dict[str, JsonValue] = {
        name: "something" if values == (ANY_VALUE,) else values[0]
        for name, values in selector.where
    }
    kind = selector.kind[0] if selector.kind else catalogue.known_kinds[0]
    if isinstance(named := wanted.pop(KIND_FIELD, kind), str):
        kind = named
    if isinstance(selector, FieldSelector) and selector.field != KIND_FIELD:
        wanted.setdefault(selector.field, 7)
    actor = selector.actor[0] if selector.actor else Actor.LEAD
    return {"kind": kind, "actor": actor, "data": wanted}
