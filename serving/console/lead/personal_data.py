"""The page of all that is held of somebody, for them to read: whole by itself, as it is
printed, and sent by mail."""

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from markupsafe import Markup

from governance.people.assurance import VOUCHED_FIELD, vouched_in
from governance.people.feedback import Judgement
from governance.people.principal import PrincipalKind
from governance.people.privacy import PrivacyKind
from governance.policy.pipeline import Pipeline
from serving.console.journal.lines import lines_of
from serving.console.lead import personal_data_fr as words
from serving.console.lead.timeline import attribute_told, title_of, value_told
from serving.console.page.format_fr import declared, instant, price_percent
from serving.console.page.rendering import FOLDER, page
from serving.http.messages_fr import CLAUSE, PRIORITY, signed_name
from serving.privacy.export import LeadExport
from serving.runtime.service import Service

Row = Mapping[str, Any]
Pairs = list[tuple[str, str]]
_STAGES = {
    "stage",
    "signed_stage",
    "observed_stage",
    "vouched_stage",
    "from_stage",
    "to_stage",
}
_PRIORITIES = ("priority", "from_priority", "to_priority", "previous")
_CODES: Mapping[str, Mapping[str, str]] = {  # words of a column's codes
    **dict.fromkeys(_PRIORITIES, PRIORITY),
    "actor": words.ACTOR,
    "clause": {clause.value: sentence for clause, sentence in CLAUSE.items()},
    "expected": words.EXPECTED,
    "removal": words.REMOVAL,
    "source": words.SOURCE,
    "status": words.STATUS,
    "what": words.READ,
}
_CODED = {"channel", "document", "form", "outcome", "page", "template", "to"}
_PERCENTS = {"percent", "concession_percent"}
_SIGNED = ("signer", "asked_by", "decided_by")  # each has a kind beside it
_MOVES = {"stage_changed", "status_adjusted"}
_CLOUD = {"id": "event_id", "type": "kind", "time": "occurred_at"}
_EMPTY: tuple[Any, ...] = (None, "", {}, [])


@dataclass(frozen=True, slots=True)
class Section:
    """Rows as pairs of a name and what it holds; empty ones are left out."""

    title: str
    note: str
    rows: Sequence[Pairs]


def personal_data_page(service: Service, export: LeadExport) -> bytes:
    told = _Told(service.pipeline, service.judgement)
    shown = page(
        "personal_data.html",
        export=export,
        sections=[*told.sections(export)],
        style=Markup(_style()),
    )
    return bytes(shown.body)


@cache
def content_policy() -> str:
    """Of that page where a browser gets it of us: its own style, and nothing else."""
    digest = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    )


@cache
def _style() -> str:
    path = FOLDER / "templates" / "personal_data.css"
    return path.read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class _Told:
    """What tables hold, in the company's words."""

    pipeline: Pipeline
    judgement: Judgement

    def sections(self, export: LeadExport) -> Iterator[Section]:
        events = export.rows.get("event", [])
        history = [_as_stored(row) for row in export.history]
        wishes = [row for row in (*history, *events) if row["kind"] in set(PrivacyKind)]
        tables = dict(export.rows) | {
            "wishes": wishes,
            "event": [row for row in events if row not in wishes],
            "history": [row for row in history if row not in wishes],
        }
        for name, title in words.TITLE.items():
            rows = (
                self._audit(export)
                if name == "audit"
                else [self._pairs(name, row) for row in tables.get(name, ())]
            )
            if rows:
                yield Section(title, words.NOTE.get(name, ""), rows)

    def _audit(self, export: LeadExport) -> list[Pairs]:
        lines = lines_of(export.trace, self.pipeline, self.judgement)
        rows = []
        for entry in export.trace.entries:
            line = lines[entry.id]
            who = _who(entry.who.kind, entry.who.name) if entry.who.name else line.who
            read = [("fait", line.text), ("le", instant(line.at)), ("par", who)]
            rows.append(read + ([("pourquoi", line.why)] if line.why else []))
        return rows

    def _pairs(self, table: str, row: Row) -> Pairs:
        first = {name: row[name] for name in words.FIRST if name in row}
        last = {name: row[name] for name in words.LAST if name in row}
        told = first | {n: v for n, v in row.items() if n not in last} | last
        for name in _SIGNED:
            if kind := told.pop(f"{name}_kind", None):
                told[name] = _who(kind, told[name])
        if table == "proposal" and told["from_stage"] == told["to_stage"]:
            del told["from_stage"], told["to_stage"]  # it proposes something else
        if table == "score" and not told["body"]:
            told["body"] = words.PRUNED
        return [
            (words.COLUMN.get(name, name), self._said(table, name, value, row))
            for name, value in told.items()
            if name not in words.UNTOLD and value not in _EMPTY
        ]

    def _said(self, table: str, column: str, value: Any, row: Row) -> str:
        """What a column holds; a code in words."""
        match table, column, value:
            case _, "data", Mapping():
                said = "\u00a0; ".join(self._contents(row))
            case _, "body", Mapping():
                said = _explanation(value)
            case "score", "score", float():
                said = f"{_number(round(value, 1))} sur 100"
            case "task", ("kind" | "opened_by"), str():
                said = words.CALLED.get(value, value)
            case _, "kind", str():
                said = title_of(value)
            case "suspension", "reason", str():
                said = self._reason(value)
            case _:
                said = self._code(column, value)
        return said

    def _code(self, column: str, value: Any) -> str:
        if column in _PERCENTS:
            return price_percent(value)
        if not isinstance(value, str):
            return _text(value)
        known = _CODES.get(column, {})
        if column in _STAGES:
            known = self.pipeline.titles
        if column == "lost_reason":
            known = self.pipeline.lost_reasons
        return known.get(value, value)

    def _contents(self, row: Row) -> Iterator[str]:
        """What an event holds, a field after the other: « page : tarifs »."""
        data, at = row["data"], row["occurred_at"]
        if vouched := vouched_in(data):
            yield declared(vouched)
        for name, value in data.items():
            if value in _EMPTY or name == VOUCHED_FIELD:
                continue
            stage = words.STAGE_FIELD.get(name) if row["kind"] in _MOVES else None
            label = stage or words.FIELD.get(name)
            is_plain = isinstance(value, str | int | float) and value not in {
                True,
                False,
            }
            if label is None and is_plain:
                yield attribute_told(name, value, at)
            else:
                said = self._field(f"{name}_stage" if stage else name, value)
                yield f"{label or name.replace('_', ' ')}\u00a0: {said}"

    def _field(self, name: str, value: Any) -> str:
        match name, value:
            case "objections", list():
                heard = {one.name: one.title for one in self.judgement.objection}
                said = ", ".join(heard.get(str(one), str(one)) for one in value)
            case "tone", int():
                tones = {int(tone.value): tone.title for tone in self.judgement.tone}
                said = tones.get(value, str(value))
            case "reason", str():
                said = self._reason(value)
            case "amount", int() | float():
                said = f"{_number(round(value))}\u00a0€"
            case "until", str():
                said = instant(value)
            case (name, str()) if name in _CODED:
                said = value_told(name, value)
            case _:
                said = self._code(name, value)
        return said

    def _reason(self, name: str) -> str:
        known = self.judgement.reasons.get(name)
        return known.title if known else name


def _as_stored(cloud: Row) -> dict[str, Any]:
    """An event of the log on disk, as the table has one."""
    row = {_CLOUD.get(name, name): value for name, value in cloud.items()}
    for name in ("specversion", "subject"):
        row.pop(name, None)
    received = row.pop("receivedat")
    occurred_at = datetime.fromisoformat(row.pop("occurred_at"))
    return row | {
        "occurred_at": occurred_at,
        "received_at": datetime.fromisoformat(received),
    }


def _who(kind: str, name: str) -> str:
    """Who signed or asked: a person by name, a program as one."""
    match kind:
        case PrincipalKind.INTEGRATION:
            return f"{words.ANY_KEY} (clé {name})"
        case PrincipalKind.AUTOMATION:
            return words.ANY_RULE if name == "frein" else f"{words.ANY_RULE} ({name})"
    return signed_name(name)


def _explanation(body: Row) -> str:
    """Of a score: its text, then each reason with its weight."""
    reasons = [
        f"{reason['text']} ({_number(round(reason['points'], 1), '+')} pt)"
        for reason in body.get("reasons", ())
    ]
    listed = f" Raisons\u00a0: {', '.join(reasons)}." if reasons else ""
    return f"{body['narrative']['text']}{listed}"


def _number(value: float, sign: str = "") -> str:
    return f"{value:{sign},}".replace(",", "\u202f").replace(".", ",")


def _text(value: Any) -> str:
    match value:
        case bool():
            text = words.YES if value else words.NO
        case datetime():
            text = instant(value)
        case date():
            text = f"{value:%d/%m/%Y}"
        case float():
            text = f"{value:g}".replace(".", ",")
        case Mapping():
            text = ", ".join(_pair(name, inner) for name, inner in value.items())
        case list() | tuple():
            text = ", ".join(map(_text, value))
        case _:
            text = str(value)
    return text


def _pair(name: str, value: Any) -> str:
    return f"{name.replace('_', ' ')}\u00a0: {_text(value)}"
