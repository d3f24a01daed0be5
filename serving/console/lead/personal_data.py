"""The page of all that is held of a lead: for the person whom it is, in French."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from governance.people.feedback import Judgement
from governance.policy.pipeline import Pipeline
from serving.console.journal.lines import lines_of
from serving.console.lead.timeline import title_of
from serving.console.page.format_fr import day, instant
from serving.console.page.rendering import page
from serving.http.messages_fr import PRIORITY
from serving.privacy.export import LeadExport
from serving.runtime.service import Service

_TITLE = {
    "lead": "L’opportunité",
    "event": "Les évènements reçus",
    "score": "Les scores donnés, et leurs raisons",
    "notice": "Les signalements envoyés à nos équipes",
    "task": "Les tâches de nos équipes",
    "statement": "Ce que nos équipes ont noté ou dit de l’opportunité, et qui",
    "suspension": "Les suspensions d’automatismes",
    "decision": "Les décisions d’étape, et qui les a prises",
    "concession": "Les remises accordées, et par qui",
    "requalification": "Les changements de priorité, et par qui",
    "proposal": "Les propositions faites par des automatismes",
    "break_glass": "Les accès d’urgence d’un administrateur, et pourquoi",
    "lead_access": "Qui a consulté ces données",
}
_COLUMN = {
    "accepted_at": "opposition levée le",
    "actor": "qui a agi",
    "at": "le",
    "asked_by": "demandé par",
    "asked_by_kind": "demandé par (sorte)",
    "begun_at": "depuis le",
    "begun_by": "décidé par",
    "body": "détail",
    "broken_at": "le",
    "clause": "règle appliquée",
    "close_reason": "raison de la clôture",
    "closed_at": "close le",
    "closed_by": "close par",
    "concession_percent": "remise (%)",
    "created_at": "créé le",
    "data": "contenu",
    "decided_at": "décidé le",
    "decided_by": "décidé par",
    "decided_by_kind": "décidé par (sorte)",
    "decides": "pouvait décider",
    "decision_reason": "raison de la décision",
    "due_on": "pour le",
    "ended_at": "terminé le",
    "entered_at": "entrée le",
    "event_id": "identifiant de l’évènement",
    "escalated_at": "transmise au responsable le",
    "expected": "attendu",
    "expires_at": "à décider avant le",
    "external_id": "identifiant",
    "from_priority": "de la priorité",
    "from_stage": "de l’étape",
    "grade": "note",
    "kind": "nature",
    "login": "compte",
    "lost_reason": "raison de la perte",
    "last_sign_at": "dernier signe le",
    "model_version": "version du modèle",
    "moment": "jugée au",
    "observed_at": "observée le",
    "observed_stage": "étape observée ailleurs",
    "objected_at": "opposition au profilage le",
    "occurred_at": "survenu le",
    "opened_by": "ouverte par",
    "owner": "responsable",
    "owner_at": "responsable depuis le",
    "percent": "remise (%)",
    "person": "qui",
    "priority": "priorité",
    "reason": "raison",
    "received_at": "reçu le",
    "recipient": "destinataire",
    "reserved": "réservé aux personnes",
    "rule_id": "règle",
    "score": "score",
    "short": "en bref",
    "signed_stage": "étape signée",
    "signer": "signé par",
    "signer_kind": "signé par (sorte)",
    "source": "source",
    "stage": "étape",
    "stage_at": "étape depuis le",
    "stated_at": "dit le",
    "status": "état",
    "text": "texte",
    "to_priority": "à la priorité",
    "to_stage": "à l’étape",
    "until": "jusqu’au",
    "vouched_stage": "étape déclarée par le CRM",
    "what": "quoi",
    "why": "pourquoi",
    "words": "mots",
    "written_at": "donné le",
}
_STAGES = {
    "stage",
    "signed_stage",
    "vouched_stage",
    "observed_stage",
    "from_stage",
    "to_stage",
}
_PRIORITIES = {"priority", "from_priority", "to_priority"}
_SAID = {  # codes of the columns of that end
    "actor": {
        "lead": "la personne concernée",
        "person": "nos équipes",
        "automation": "un automatisme",
    },
    "kind": {
        "acces_de_secours": "accès d’urgence",
        "decision_contredite": "décision contredite",
        "decision_reservee": "décision réservée",
        "delai_inhabituel": "délai inhabituel",
        "enchainement_trop_long": "enchaînement trop long",
        "etape_reservee_observee": "étape réservée observée",
        "ligne_atypique": "ligne atypique",
        "regle": "règle",
        "signaux_contradictoires": "signaux contradictoires",
    },
    "_kind": {
        "person": "une personne",
        "integration": "un autre logiciel",
        "automation": "un automatisme",
        "break_glass": "un accès d’urgence",
    },
    "status": {
        "open": "en cours",
        "closed": "close",
        "confirmed": "confirmée",
        "dismissed": "écartée",
        "decided_in_crm": "décidée dans le CRM",
        "expired": "expirée",
    },
    "what": {"page": "la page de l’opportunité", "export": "cet extrait"},
}
_UNTOLD = {
    "automation",
    "band",
    "explains",
    "looked_at",
    "model_sha256",
    "stage_assurance",
    "version",
}


@dataclass(frozen=True, slots=True)
class Section:
    """Rows as pairs of a name and what it holds; empty ones are left out."""

    title: str
    rows: Sequence[Sequence[tuple[str, str]]]


def personal_data_page(service: Service, export: LeadExport) -> bytes:
    """The page, whole by itself: it can be sent to the person."""
    audit = _audit(export, service.pipeline, service.judgement)
    sections = [*_sections(export, service.pipeline), *audit]
    shown = page("personal_data.html", export=export, sections=sections)
    return bytes(shown.body)


def _sections(export: LeadExport, pipeline: Pipeline) -> Iterator[Section]:
    for name, title in _TITLE.items():
        rows = [_row(name, row, pipeline) for row in export.rows.get(name, ())]
        if rows:
            yield Section(title, rows)
    if export.history:
        before = [_row("event", row, pipeline) for row in export.history]
        yield Section("Ce que le journal d’avant le service contient", before)


def _audit(
    export: LeadExport, pipeline: Pipeline, judgement: Judgement
) -> Iterator[Section]:
    lines = lines_of(export.trace, pipeline, judgement).values()
    rows = [
        [("le", instant(line.at)), ("qui", line.who), ("quoi", line.text)]
        + ([("pourquoi", line.why)] if line.why else [])
        for line in lines
    ]
    if rows:
        yield Section("Ce qui a été fait, par qui et pourquoi", rows)


def _row(
    table: str, row: Mapping[str, Any], pipeline: Pipeline
) -> list[tuple[str, str]]:
    told = {
        name: _said(name, value, pipeline)
        for name, value in row.items()
        if name not in _UNTOLD
    }
    if table == "score" and isinstance(told.get("body"), Mapping):
        told["body"] = told["body"]["narrative"]["text"]
    if table in {"event", "statement"} and "kind" in told:
        told["kind"] = title_of(told["kind"])
    return [
        (_COLUMN.get(name, name.replace("_", " ")), _text(value))
        for name, value in told.items()
        if value not in (None, "", {}, [])
    ]


def _said(column: str, value: Any, pipeline: Pipeline) -> Any:
    """A code in words; anything else as it is."""
    if not isinstance(value, str):
        return value
    if column in _STAGES:
        return pipeline.titles.get(value, value)
    if column in _PRIORITIES:
        return PRIORITY.get(value, value)
    ending = "_kind" if column.endswith("_kind") else column
    return _SAID.get(ending, {}).get(value, value)


def _text(value: Any) -> str:
    match value:
        case None:
            text = "aucun"
        case bool():
            text = "oui" if value else "non"
        case datetime():
            text = instant(value)
        case date():
            text = day(value)
        case float():
            text = f"{value:g}".replace(".", ",")
        case Mapping():
            pairs = (f"{name}\u00a0: {_text(inner)}" for name, inner in value.items())
            text = "\u00a0; ".join(pairs)
        case list() | tuple():
            text = ", ".join(map(_text, value))
        case _:
            text = str(value)
    return text
