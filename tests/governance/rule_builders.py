"""Builders of rules, facts and occurrences: valid by default."""

import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from features.event import Event
from governance.policy.pipeline import read_pipeline
from governance.rules.actions import Assignees
from governance.rules.engine import Occurrence
from governance.rules.facts import Facts
from governance.rules.outcome import Cause
from governance.rules.ruleset import Rules
from tests.factories import make_event

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)  # a Tuesday
PIPELINE = read_pipeline()
ASSIGNEES = Assignees(
    pipeline=PIPELINE, fallback_owner="Direction commerciale", manager="Paul Petit"
)


def rule_text(**overrides: str) -> str:
    """One rule's TOML: a visit of the pricing page notifies the owner."""
    fields = {
        "id": '"R-01"',
        "title": '"Visite des tarifs"',
        "why": '"Le prospect a visité la page tarifs."',
        "owner": '"Awa Diallo"',
        "priority": "10",
        "on": '{ event = { kind = "page_viewed" } }',
        "then": '{ notify = "owner" }',
    } | overrides
    lines = [f"{key} = {value}" for key, value in fields.items() if value]
    return "\n".join(["[[rule]]", *lines])


def rules_text(*rules: str, top: str = "version = 1") -> str:
    return "\n\n".join([top, *rules])


def make_rules(*each: dict[str, str], top: str = "version = 1") -> Rules:
    """Rules of these overrides, numbered R-01, R-02, …; the first comes first."""
    texts = [
        rule_text(**{"id": f'"R-{n:02}"', "priority": str(n)} | overrides)
        for n, overrides in enumerate(each, start=1)
    ]
    text = rules_text(*texts, top=top)
    return Rules.model_validate(tomllib.loads(text) | {"text": text})


def rules_file(folder: Path, text: str) -> Path:
    path = folder / "rules.toml"
    path.write_text(text, encoding="utf-8")
    return path


def make_facts(**overrides: Any) -> Facts:
    defaults: dict[str, Any] = {
        "lead_id": "L-1",
        "now": NOW,
        "stage": "qualifie",
        "owner": "Awa Diallo",
    }
    return Facts(**defaults | overrides)


def seen(event: Event | None = None, cause: Cause | None = None) -> Occurrence:
    """An event that arrives now; by default a visit of the pricing page."""
    event = event or make_event(occurred_at=NOW)
    return Occurrence(cause or Cause.first(event.event_id), event)


def tick() -> Occurrence:
    return Occurrence(Cause.first("tick"))
