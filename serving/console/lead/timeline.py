"""The events of a lead as a timeline tells them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from babel.numbers import format_decimal
from pydantic import JsonValue

from features.event import ATTRIBUTES_KIND, Actor, Event
from governance.people.feedback import Judgement
from governance.people.overrides import OWN_SOURCE
from governance.policy.pipeline import Pipeline
from serving.console.lead.event_values import attributes, readable, value_of
from serving.console.page.format_fr import percent

ACTOR = {
    Actor.LEAD: "le prospect",
    Actor.PERSON: "une personne",
    Actor.AUTOMATION: "un automatisme",
}
_KIND = {
    "attributes_set": "Données de l’opportunité renseignées",
    "automation_resumed": "Automatismes rétablis",
    "automation_suspended": "Automatismes suspendus",
    "call_made": "Appel passé",
    "call_received": "Appel reçu",
    "concession_granted": "Remise accordée",
    "document_downloaded": "Document téléchargé",
    "email_clicked": "Clic dans un e-mail",
    "email_opened": "E-mail ouvert",
    "email_replied": "Réponse à un e-mail",
    "email_sent": "E-mail envoyé",
    "form_submitted": "Formulaire rempli",
    "lost": "Opportunité perdue",
    "meeting_held": "Rendez-vous tenu",
    "note_added": "Note de terrain",
    "page_viewed": "Page vue",
    "priority_confirmed": "Priorité confirmée",
    "priority_contested": "Priorité contestée",
    "quote_sent": "Devis envoyé",
    "stage_changed": "Changement d’étape",
    "status_adjusted": "Statut rectifié",
    "unsubscribed": "Désabonnement",
    "won": "Opportunité gagnée",
}
# What of an event's data is told beside its kind, in this order.
_TOLD = ("page", "template", "document", "form", "outcome", "channel", "priority")
_TOLD_ANYWAY = {*_TOLD, "amount", "percent", "text"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldEvent:
    at: datetime
    title: str
    detail: str
    who: str
    source: str


def told_events(
    events: Iterable[Event], pipeline: Pipeline, judgement: Judgement
) -> dict[tuple[str, str], ToldEvent]:
    """Events by (source, event_id), the latest first."""
    latest_first = sorted(events, key=lambda one: one.occurred_at, reverse=True)
    return {
        (one.source, one.event_id): ToldEvent(
            at=one.occurred_at,
            title=title_of(one.kind),
            detail=_detail(one, pipeline, judgement),
            who=ACTOR[one.actor],
            source=one.source,
        )
        for one in latest_first
    }


def title_of(kind: str) -> str:
    return _KIND.get(kind, readable(kind).capitalize())


def _detail(event: Event, pipeline: Pipeline, judgement: Judgement) -> str:
    about = event.data
    ends = (_stage(about.get(name), pipeline) for name in ("from", "to"))
    if event.kind == "stage_changed":
        return " → ".join(filter(None, ends))
    parts = list(filter(None, ends)) if event.kind == "status_adjusted" else []
    parts += [value_of(name, about[name]) for name in _TOLD if about.get(name)]
    if isinstance(amount := about.get("amount"), int | float):
        parts.append(f"{format_decimal(round(amount), locale='fr')}\u00a0€")
    if isinstance(conceded := about.get("percent"), int | float):
        parts.append(percent(conceded))
    if event.source == OWN_SOURCE:
        parts += _judged(about, judgement)
    if text := about.get("text"):
        parts.append(f"«\u00a0{text}\u00a0»")
    if event.kind == ATTRIBUTES_KIND:
        rest = {name: about[name] for name in about if name not in _TOLD_ANYWAY}
        parts += attributes(rest, event.occurred_at)
    return ", ".join(parts)


def _judged(about: Mapping[str, JsonValue], judgement: Judgement) -> list[str]:
    """What a person chose of the short lists, as the lists have it."""
    tones = {int(one.value): f"ton {one.title}" for one in judgement.tone}
    heard = {one.name: one.title for one in judgement.objection}
    reasons = {one.name: one.title for one in judgement.reason}
    objections = about.get("objections")
    named = objections if isinstance(objections, list) else []
    told = [tones.get(tone) if isinstance(tone := about.get("tone"), int) else None]
    told += [f"objection {heard.get(str(name), name)}" for name in named]
    told.append(reasons.get(str(about.get("reason"))))
    return [one for one in told if one]


def _stage(name: JsonValue, pipeline: Pipeline) -> str:
    known = pipeline.by_name.get(str(name))
    return known.title if known else str(name or "")
