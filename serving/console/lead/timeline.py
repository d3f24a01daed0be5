"""The timeline of a lead: its events, with their data in words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from babel.numbers import format_decimal
from pydantic import JsonValue

from features.event import ATTRIBUTES_KIND, Actor, Event
from governance.impact.lead_course import attributes_of
from governance.leads.state import ENDING_KINDS, owner_told, tells_owner
from governance.people.assurance import vouched_of
from governance.people.feedback import Judgement
from governance.people.overrides import OWN_SOURCE
from governance.policy.pipeline import Pipeline
from serving.console.page.format_fr import declared, price_percent, wording
from serving.http.messages_fr import PRIORITY

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
    "lead_archived": "Opportunité archivée dans le CRM",
    "lead_deleted": "Opportunité supprimée dans le CRM",
    "lead_merged": "Opportunité fusionnée avec une autre",
    "lead_restored": "Opportunité restaurée dans le CRM",
    "lost": "Opportunité perdue",
    "meeting_held": "Rendez-vous tenu",
    "note_added": "Note de terrain",
    "page_viewed": "Page vue",
    "priority_confirmed": "Priorité confirmée",
    "priority_contested": "Priorité contestée",
    "profiling_accepted": "Levée de l’opposition au profilage",
    "profiling_objected": "Opposition au profilage",
    "quote_sent": "Devis envoyé",
    "stage_changed": "Changement d’étape",
    "status_adjusted": "Statut rectifié",
    "tracking_consented": "Suivi des e-mails accepté",
    "tracking_refused": "Suivi des e-mails refusé",
    "unsubscribed": "Désabonnement",
    "won": "Opportunité gagnée",
}
# The fields of an event's data that stand beside its kind, in this order.
_FIELDS = ("page", "template", "document", "form", "outcome", "channel", "priority")
_IN_DETAIL = {*_FIELDS, "amount", "percent", "text"}
# Codes that lose an accent, or more; no narrative tells them.
_CODE = {
    "demo": "démonstration",
    "etude_de_cas": "étude de cas",
    "newsletter": "lettre d’information",
    "visio": "visioconférence",
}
# Attributes that no narrative tells, or tells without their name.
_NAME = {"lead_source": "origine", "owner": "responsable"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEvent:
    at: datetime
    title: str
    detail: str
    who: str
    source: str


def timeline_of(
    events: Iterable[Event], pipeline: Pipeline, judgement: Judgement
) -> dict[tuple[str, str], TimelineEvent]:
    """Events by (source, event_id), the latest first."""
    latest_first = sorted(events, key=lambda event: event.occurred_at, reverse=True)
    return {
        (event.source, event.event_id): TimelineEvent(
            at=event.occurred_at,
            title=title_of(event.kind),
            detail=_detail(event, pipeline, judgement),
            who=_who(event),
            source=event.source,
        )
        for event in latest_first
    }


def _who(event: Event) -> str:
    """Who acted; of a stage or an end told elsewhere, only whom a key vouches for."""
    vouched = vouched_of(event)
    if vouched is not None:
        said = declared(vouched)
        return said[:1].lower() + said[1:]
    is_elsewhere = event.source != OWN_SOURCE and event.kind in ENDING_KINDS
    return "sans auteur déclaré" if is_elsewhere else ACTOR[event.actor]


def title_of(kind: str) -> str:
    return _KIND.get(kind, _readable(kind).capitalize())


def _detail(event: Event, pipeline: Pipeline, judgement: Judgement) -> str:
    about = event.data
    ends = (_stage(about.get(name), pipeline) for name in ("from", "to"))
    if event.kind == "stage_changed":
        lost = pipeline.lost_reasons.get(str(about.get("lost_reason")))
        return ", ".join(filter(None, [" → ".join(filter(None, ends)), lost]))
    parts = list(filter(None, ends)) if event.kind == "status_adjusted" else []
    parts += [value_told(name, about[name]) for name in _FIELDS if about.get(name)]
    if isinstance(amount := about.get("amount"), int | float):
        parts.append(f"{format_decimal(round(amount), locale='fr')}\u00a0€")
    if isinstance(conceded := about.get("percent"), int | float):
        parts.append(price_percent(conceded))
    if event.source == OWN_SOURCE:
        parts += _choices(about, judgement)
    if text := about.get("text"):
        parts.append(f"«\u00a0{text}\u00a0»")
    if event.kind == ATTRIBUTES_KIND:
        if tells_owner(event) and owner_told(event) is None:
            parts.append("sans responsable")
        rest = {name: about[name] for name in about if name not in _IN_DETAIL}
        parts += _attributes(rest, event.occurred_at)
    return ", ".join(parts)


def _choices(about: Mapping[str, JsonValue], judgement: Judgement) -> list[str]:
    """What a person chose of the short lists, as the lists have it."""
    tones = {int(tone.value): f"ton {tone.title}" for tone in judgement.tone}
    heard = {objection.name: objection.title for objection in judgement.objection}
    reason = judgement.reasons.get(str(about.get("reason")))
    objections = about.get("objections")
    named = objections if isinstance(objections, list) else []
    titles = [tones.get(tone) if isinstance(tone := about.get("tone"), int) else None]
    titles += [f"objection {heard.get(str(name), name)}" for name in named]
    titles.append(reason.title if reason else None)
    return [title for title in titles if title]


def _stage(name: JsonValue, pipeline: Pipeline) -> str:
    return pipeline.titles.get(str(name), str(name or ""))


def value_told(name: str, value: JsonValue) -> str:
    """What a field of an event says: « étude de cas », « élevée »."""
    words = PRIORITY if name == "priority" else _CODE
    return words.get(str(value), _readable(value))


def attribute_told(name: str, value: str | float, at: datetime) -> str:
    """An attribute with its name: « secteur de la santé », « origine : salon »."""
    known = attributes_of(wording().catalogue)
    has_words = name in (known.labels if isinstance(value, str) else known.numbers)
    text = wording().attribute(name, value, at) if has_words else _readable(value)
    named = _NAME.get(name, "" if has_words else _readable(name))
    return f"{named}\u00a0: {text}" if named else text


def _attributes(about: Mapping[str, JsonValue], at: datetime) -> list[str]:
    """Those of an event that are a text or a number."""
    return [
        attribute_told(name, value, at)
        for name, value in about.items()
        if isinstance(value, str | int | float)
        and not isinstance(value, bool)
        and value != ""
    ]


def _readable(code: JsonValue) -> str:
    return str(code).replace("_", " ")
