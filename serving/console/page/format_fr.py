"""French texts of the console: dates, numbers, codes and errors."""

from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from typing import Any

from babel.dates import format_date
from babel.numbers import format_decimal

from explanations.calendar_fr import PARIS, paris_day
from explanations.language import MINUS
from explanations.wording import Wording, kept_wording
from features.catalogue import read_catalogue, shipped_catalogue
from governance.people.assurance import Vouched
from governance.policy.actions import (
    Assign,
    AutomaticAction,
    Concede,
    MoveStage,
    Notify,
    OpenProposal,
    ProposeConcession,
    ProposePriority,
    SetPriority,
)
from governance.policy.task import OpenTask, TaskKind
from serving.automation.override_report import RuleUse
from serving.http.messages_fr import (
    ANY_OTHER_WHY,
    FATE,
    PRIORITY,
    WHY,
    signed_name,
)
from serving.repositories.decisions import Conceded
from serving.repositories.proposals import Proposal
from serving.repositories.tasks import Task

SILENT_DAYS = 7  # a shorter silence is nothing to tell
ANY_ERROR = "Ce n’est pas possible"
ERROR_TITLE = {
    403: "Cette page n’est pas pour vous",
    404: "Page introuvable",
    401: "Confirmez que c’est vous",
    409: "Ce n’est plus possible",
    429: "Un peu de patience",
    422: "Quelque chose est à revoir",
    500: "Une erreur est survenue",
    503: "Le service est indisponible",
}
# Why a task was opened.
TASK = {
    TaskKind.DECISION_RESERVED: "une décision est réservée aux personnes",
    TaskKind.RESERVED_MOVE_OBSERVED: (
        "une étape réservée a été observée dans le CRM, à confirmer"
    ),
    TaskKind.DECISION_CONTRADICTED: "le CRM contredit ce qu’une personne a décidé",
    TaskKind.RULE: "une règle le demande",
    TaskKind.CHAIN_TOO_DEEP: "trop d’automatismes se sont enchaînés",
    TaskKind.UNUSUAL_DELAY: "le délai est inhabituel",
    TaskKind.CONTRADICTORY: "les signaux se contredisent",
    TaskKind.ATYPICAL: "le cas est atypique",
    TaskKind.NO_TRUE_REASON: "aucune raison vérifiée n’explique le score",
    TaskKind.CLOCK_IN_DOUBT: "une heure est douteuse",
    TaskKind.GLASS_BROKEN: "un accès de secours a été utilisé",
}
NOTHING_SAVED = "Rien n’a été enregistré"
SESSION_OVER = (
    "Votre session a pris fin : rien n’a été enregistré. Reconnectez-vous, puis "
    "recommencez."
)
FORM_IS_STALE = (
    "Cette page n’était plus celle de votre session en cours. Revenez-y pour l’avoir à "
    "jour, puis recommencez."
)
_FIELD = {
    "corps": "Le formulaire",
    "objections": "Les objections entendues",
    "percent": "La remise",
    "priority": "La priorité que je donnerais",
    "reason": "Pourquoi",
    "stage": "L’étape véritable",
    "text": "En quelques mots",
    "to": "Nouvelle étape",
    "tone": "Le ton de l’échange",
    "until": "Jusqu’au",
    # of the filters, as an address has them
    "depuis": "Entrées depuis le",
    "etape": "Étape",
    "evenement": "Premier fait",
    "fait": "Ce qui vient d’être fait",
    "page": "Page",
    "priorite": "Priorité",
    "proprietaire": "Responsable",
    "recherche": "Rechercher",
    "silence": "Sans signe du prospect",
    "toutes": "Toutes les tâches",
    "url": "L’adresse de la page",
}
# What a field takes, where its form can't show it.
_TAKES = {
    "depuis": "un jour, comme 2026-11-24",
    "evenement": "un nombre entier, de 0 à 1 000 000",
    "page": "un nombre entier, de 1 à 100 000",
    "percent": "un nombre supérieur à 0, et de 100 au plus",
    "priorite": "élevée, normale ou basse",
    "proprietaire": "200 caractères au plus",
    "reason": "un choix de la liste, ou 1 000 caractères au plus",
    "recherche": "200 caractères au plus",
    "silence": "7, 14 ou 30 jours",
    "text": "1 000 caractères au plus",
    "tone": "un nombre entier, de −2 à 2",
    "until": "un jour à venir, avant l’an 2200",
}
_PLAIN = frozenset({"missing", "not_printable", "extra_forbidden"})  # of any value
_PROPOSALS = (OpenProposal, ProposePriority, ProposeConcession)
_SECTION = {
    "automatisation": "Revenir au rapport",
    "opportunites": "Revenir à la fiche",
    "regles": "Revenir aux règles",
    "taches": "Revenir aux tâches",
}


@cache
def wording() -> Wording:
    """The words of the narratives, for ideas and attributes."""
    return kept_wording(read_catalogue(shipped_catalogue("b2b")))


def decided_before(status: str, by: str) -> str:
    """What the second of two people is told."""
    fate = FATE.get(status, "close")
    if not by:
        return f"Cette proposition est déjà {fate}."
    return f"Cette proposition est déjà {fate} par {signed_name(by)}."


def field_refused(field: str, why: str) -> str:
    """What a form's field is refused for, by the name that the form has for it, and
    what it takes."""
    parts = field.split(".")  # of what may take several shapes, the shape comes first
    code = next((part for part in parts if part in _FIELD), field)
    reason = WHY.get(why, ANY_OTHER_WHY)
    if code not in _FIELD:  # no form has it: its name is a code
        return f"Un champ envoyé n’est pas accepté\u00a0: {reason}."
    sentences = [f"Champ «\u00a0{_FIELD[code]}\u00a0»\u00a0: {reason}."]
    if code in _TAKES and why not in _PLAIN:
        sentences.append(f"Il faut {_TAKES[code]}.")
    return " ".join(sentences)


def back_to(place: str) -> str:
    """What a link to a place of the console says."""
    section, _, _ = place.partition("/")
    return _SECTION.get(section, "Revenir à l’accueil")


def day(which: date) -> str:
    """A day: « mardi 1er décembre »."""
    number = "1er" if which.day == 1 else str(which.day)
    named = (format_date(which, part, locale="fr") for part in ("EEEE", "MMMM"))
    weekday, month = named
    return f"{weekday} {number} {month}"


def instant(at: datetime | str) -> str:
    """An instant in Paris: « 24/11/2026 à 10:00 »."""
    moment = datetime.fromisoformat(at) if isinstance(at, str) else at
    return f"{moment.astimezone(PARIS):%d/%m/%Y à %H:%M}"


def short_day(at: datetime | str) -> str:
    moment = datetime.fromisoformat(at) if isinstance(at, str) else at
    return f"{paris_day(moment):%d/%m}"


def signed(points: int) -> str:
    """Points of a score: « +12 », « −6 »."""
    return f"{points:+}".replace("-", MINUS) if points else "0"


def reasons_only(short: str) -> str:
    """The short narrative without its priority, which stands beside it."""
    return sentence_case(short.partition("–")[2].strip() or short)


def sentence_case(text: str) -> str:
    return text[:1].upper() + text[1:]


def price_percent(value: float) -> str:
    """Of a price: « 12,5 % »."""
    return f"{value:g}\u00a0%".replace(".", ",")


def conceded(total: Conceded) -> str:
    """What was conceded so far: « Déjà accordé sur cette opportunité : 13 % du prix en
    tout, dont 3 % par des automatismes. »"""
    machines = total.by_machines_percent
    share = f"dont {price_percent(machines)} par des automatismes" if machines else ""
    whose = share if machines < total.percent else "par des automatismes"
    parts = [f"{price_percent(total.percent)} du prix en tout", whose]
    text = ", ".join(filter(None, parts))
    return f"Déjà accordé sur cette opportunité\u00a0: {text}."


def doubts(score: Mapping[str, Any]) -> list[str]:
    """What makes a score doubtful, in sentences; not what its story says already."""
    narrative = score["narrative"]
    story = f"{narrative['happened']} {narrative['why']}".lower()
    texts = [case["text"].rstrip(".") for case in score["exceptions"]]
    return [f"{sentence_case(text)}." for text in texts if text.lower() not in story]


def silence(last_sign: datetime | None, entered: datetime, now: datetime) -> str | None:
    """How long a lead has been silent, since it entered if it gave no sign; None if
    that isn't long."""
    days = (paris_day(now) - paris_day(last_sign or entered)).days
    if days < SILENT_DAYS:
        return None
    if last_sign is None:
        return f"aucun signe du prospect en {days}\u00a0jours"
    return f"{days}\u00a0jours de silence"


def declared(vouched: Vouched) -> str:
    """Who did something elsewhere, by a key's word; never as if they had signed."""
    return f"Déclaré par le CRM (clé {vouched.key})\u00a0: {vouched.who}"


def ended_by(who: str | None, source: str | None) -> str:
    """Who ended a lead, and which source says so, after the day; empty if unknown."""
    parts = [
        f"par {who}" if who else "",
        f"selon la source {source}" if source else "",
    ]
    return "".join(f", {part}" for part in parts if part)


def awaited(task: Task) -> str:
    """What a task expects, and by when: « Appel d’ici au mardi 1er décembre. »"""
    return f"{task.expected.capitalize()} d’ici au {day(task.due_on)}."


def proposal(proposal: Proposal, titles: Mapping[str, str]) -> str:
    """What a proposal would do."""
    if proposal.to_priority is not None:
        return f"donner la priorité {PRIORITY[proposal.to_priority]}"
    if proposal.concession_percent is not None:
        return f"accorder une remise de {price_percent(proposal.concession_percent)}"
    return f"passer à l’étape «\u00a0{titles[proposal.to_stage]}\u00a0»"


def act(action: AutomaticAction, titles: Mapping[str, str]) -> str:
    """What automation does to a lead, or would."""
    match action:
        case OpenTask(expected=expected_of, owner=owner):
            return f"demander à {owner}\u00a0: {expected_of.value}"
        case Assign(to=owner):
            return f"confier à {owner}"
        case Notify(to=recipient):
            return f"le signaler à {recipient}"
        case MoveStage(to=stage) | OpenProposal(to=stage):
            change = f"passer à l’étape «\u00a0{titles[stage]}\u00a0»"
        case SetPriority(to=to) | ProposePriority(to=to):
            change = f"donner la priorité {PRIORITY[to]}"
        case Concede(percent=share) | ProposeConcession(percent=share):
            change = f"consentir une remise de {price_percent(share)}"
    return f"proposer de {change}" if isinstance(action, _PROPOSALS) else change


def said(use: RuleUse) -> str:
    """What people said of a rule's doings."""
    if not use.judged:
        return "Personne n’en a encore jugé."
    return f"Contestée {use.contested}\u00a0fois sur {use.judged}\u00a0avis."


def decimal(value: float) -> str:
    """One decimal at most: « 2,5 »."""
    return str(format_decimal(value, "0.#", locale="fr"))


def times(by_rule: Mapping[str, int]) -> str:
    """How often, and with which rules: « 3 fois (R-02) »."""
    total = f"{sum(by_rule.values())}\u00a0fois"
    return f"{total} ({', '.join(sorted(by_rule))})" if by_rule else total
