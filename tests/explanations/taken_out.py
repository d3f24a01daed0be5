"""A lead's events without a reason's evidence, or with its event: in plain Python."""

import json
from typing import Any

import polars as pl

from explanations.reason import Check, Reason
from features.event import EVENT_SCHEMA


def taken_out(events: pl.DataFrame, lead_id: str, reason: Reason) -> pl.DataFrame:
    """Only this lead's events; what a person would do with a reason and an editor."""
    rows = events.filter(pl.col("lead_id") == lead_id).to_dicts()
    if reason.check is Check.INSERTION:
        assert reason.evidence == ()
        return _frame([*rows, _inserted(reason)])
    return _frame([kept for row in rows if (kept := _without(row, reason)) is not None])


def _without(row: dict[str, Any], reason: Reason) -> dict[str, Any] | None:
    mine = [
        piece
        for piece in reason.evidence
        if (piece.source, piece.event_id) == (row["source"], row["event_id"])
    ]
    if any(piece.field is None for piece in mine):
        return None
    if not mine:
        return row
    left = json.loads(row["data"])
    for piece in mine:
        left.pop(piece.field, None)
    return row | {"data": json.dumps(left)}


def _inserted(reason: Reason) -> dict[str, Any]:
    event = reason.inserted
    assert event is not None
    return {
        "event_id": event.event_id,
        "source": event.source,
        "lead_id": event.lead_id,
        "kind": event.kind,
        "occurred_at": event.occurred_at,
        "received_at": event.received_at,
        "actor": event.actor.value,
        "data": json.dumps(dict(event.data)),
    }


def _frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=EVENT_SCHEMA)
