"""Lines of the journal: the audit as people read it, one sentence an entry."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from governance.audit.chain import Action
from governance.leads.state import is_unconfirmed
from governance.people.assurance import Vouched
from governance.people.feedback import Judgement
from governance.people.principal import Means, PrincipalKind
from governance.policy.pipeline import Pipeline
from governance.rules.messages_fr import RESULT as STOPPED
from governance.rules.outcome import RuleResult
from serving.audit.trace import StatedReason, Trace
from serving.console.page.format_fr import day, declared, price_percent
from serving.http.messages_fr import FATE, PRIORITY, signed_name
from serving.repositories.audit import AuditRecord, Who

SENTENCE: Mapping[Action, str] = {
    Action.PRIORITY_CHANGED: "Priorité changée",
    Action.STAGE_OBSERVED: "Changement d’étape observé dans le CRM",
    Action.DECISION_CONTRADICTED: "Décision contredite par le CRM",
    Action.CONTRADICTION_ENDED: "Le CRM ne contredit plus la décision",
    Action.LEAD_REMOVED: "Opportunité retirée dans le CRM",
    Action.LEAD_RESTORED: "Opportunité restaurée dans le CRM",
    Action.LEAD_ABSORBED: "Une autre opportunité est fusionnée dans celle-ci",
    Action.STAGE_MOVED: "Changement d’étape",
    Action.MOVE_REFUSED: "Changement d’étape réservé aux personnes",
    Action.DECISION_REFUSED: "Décision refusée à un automatisme",
    Action.PROPOSAL_OPENED: "Proposition ouverte",
    Action.PROPOSAL_CLOSED: "Proposition",
    Action.TASK_OPENED: "Tâche ouverte",
    Action.TASK_CLOSED: "Tâche close",
    Action.TASK_ESCALATED: "Tâche confiée à un responsable",
    Action.TASK_HANDED_OVER: "Tâche transmise avec l’opportunité",
    Action.RULE_STOPPED: "Règle restée sans effet",
    Action.ECHO_SEEN: "Écho de notre propre écriture",
    Action.PRIORITY_KEPT: "Priorité maintenue malgré le score",
    Action.OWNER_CHANGED: "Changement de responsable",
    Action.NOTICE_SENT: "Signalement envoyé",
    Action.CLOCK_DOUBTED: "Heure douteuse",
    Action.KEY_CREATED: "Clé d’API créée",
    Action.KEY_REVOKED: "Clé d’API révoquée",
    Action.CONCESSION_GRANTED: "Remise accordée",
    Action.CONCESSION_REFUSED: "Remise réservée aux personnes",
    Action.REQUALIFICATION_REFUSED: "Requalification réservée aux personnes",
    Action.NOTE_ADDED: "Note de terrain ajoutée",
    Action.PRIORITY_CONTESTED: "Priorité contestée",
    Action.PRIORITY_CONFIRMED: "Priorité confirmée",
    Action.STATUS_ADJUSTED: "Statut rectifié",
    Action.AUTOMATION_SUSPENDED: "Automatismes suspendus",
    Action.AUTOMATION_RESUMED: "Automatismes rétablis",
    Action.RULE_SUSPENDED: "Règle suspendue",
    Action.RULE_RESUMED: "Règle rétablie",
    Action.PERSON_ADDED: "Compte ouvert",
    Action.PERSON_CHANGED: "Compte modifié",
    Action.PERSON_DISABLED: "Compte fermé",
    Action.PERSON_BOUND: "Compte relié à l’identité de l’entreprise",
    Action.PERSON_LOCKED: "Compte verrouillé",
    Action.PASSWORD_SET: "Mot de passe changé",
    Action.TOKEN_ISSUED: "Jeton émis",
    Action.CONFIGURATION_CHANGED: "Configuration changée",
    Action.EVENTS_SEALED: "Faits scellés",
    Action.PROFILING_OBJECTED: "Opposition au profilage",
    Action.PROFILING_ACCEPTED: "Levée de l’opposition au profilage",
    Action.LEAD_FORGOTTEN: "Opportunité oubliée",
    Action.RETENTION_APPLIED: "Durées de conservation appliquées",
    Action.EVENTS_EXPORTED: "Faits exportés",
    Action.MODEL_PROMOTED: "Modèle mis en service",
    Action.STORE_RESTORED: "Base restaurée d’une sauvegarde",
    Action.SIGNED_IN: "Connexion",
    Action.SIGNED_OUT: "Déconnexion",
    Action.SIGN_IN_REFUSED: "Connexion refusée",
    Action.TOTP_ENABLED: "Code à usage unique mis en place",
    Action.TOTP_DISABLED: "Code à usage unique retiré",
    Action.KEY_ROTATED: "Clé d’API renouvelée",
    Action.GLASS_BROKEN: "Accès de secours utilisé",
}
_KIND = {
    PrincipalKind.PERSON: "une personne",
    PrincipalKind.INTEGRATION: "une intégration",
    PrincipalKind.AUTOMATION: "un automatisme",
    PrincipalKind.BREAK_GLASS: "un accès de secours",
}
MEANS = {
    Means.CONSOLE: "par la console",
    Means.API_TOKEN: "avec un jeton personnel",
    Means.API_KEY: "avec une clé d’API",
    Means.COMMAND_LINE: "en ligne de commande",
    Means.SERVICE: "par le service",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalLine:
    """An entry of the audit; `who` is a name, or what kind of principal it was; `why`
    is what they said of it, or nothing; `means` is how, or nothing where that wasn't
    kept."""

    seq: int
    at: datetime
    who: str
    means: str
    text: str
    why: str


def lines_of(
    trace: Trace, pipeline: Pipeline, judgement: Judgement
) -> dict[UUID, JournalLine]:
    """The entries of a trace as sentences."""
    reasons = {reason.name: reason.title for reason in judgement.reason}
    lines = {}
    for entry in trace.entries:
        lost = pipeline.lost_reasons if entry.why.get("lost_reason") else {}
        why = _why(trace.reasons.get(entry.id), reasons | lost)
        vouched = trace.vouched.get(entry.id)
        lines[entry.id] = _line_of(entry, pipeline, why, vouched)
    return lines


def _line_of(
    entry: AuditRecord, pipeline: Pipeline, why: str, vouched: Vouched | None
) -> JournalLine:
    titles, sentence = pipeline.titles, _sentence(entry, pipeline)
    before, after = (_state(value, titles) for value in (entry.before, entry.after))
    parts = [before, after] if before != after else [after]  # it was confirmed
    change = " → ".join(filter(None, parts)) if after else ""
    if entry.action == Action.PROPOSAL_CLOSED:
        status = str((entry.after or {}).get("status"))
        sentence = f"{sentence} {FATE.get(status, 'close')}"
    sentences = [f"{sentence}\u00a0: {change}." if change else f"{sentence}."]
    if entry.action == Action.RULE_STOPPED:
        sentences = [_stopped(entry)]
    if vouched is not None:
        sentences.append(f"{declared(vouched)}.")
    if entry.why.get("reserved"):
        sentences.append("Décision réservée aux personnes.")
    return JournalLine(
        seq=entry.seq,
        at=entry.at,
        who=_who(entry.who),
        means=MEANS[Means(entry.means)] if entry.means else "",
        text=" ".join(sentences),
        why=why,
    )


def _who(who: Who) -> str:
    if who.name is None:
        return f"{_KIND[PrincipalKind(who.kind)]} (oubliée)"
    return signed_name(who.name)


def _sentence(entry: AuditRecord, pipeline: Pipeline) -> str:
    """What was done, without its change. A reserved stage that nobody known set is to
    be confirmed."""
    sentence = SENTENCE[Action(entry.action)]
    before, after = (str((s or {}).get("stage")) for s in (entry.before, entry.after))
    if entry.action == Action.STAGE_MOVED and before == after:
        return "Étape confirmée"
    assurance = str(entry.why.get("assurance"))
    is_unknown = is_unconfirmed(after, assurance, pipeline)
    if entry.action == Action.STAGE_OBSERVED and is_unknown:
        return f"{sentence}, à confirmer"
    return sentence


def _stopped(entry: AuditRecord) -> str:
    """Why nothing, or nothing but a task, came of a rule."""
    why = entry.why
    return STOPPED[RuleResult(str(why["fate"]))].format(
        rule=why["rule"], winner=why.get("winner"), source=why.get("source")
    )


def _why(words: StatedReason | None, titles: Mapping[str, str]) -> str:
    """« Budget : « Gelé jusqu’en mars. » »"""
    if words is None:
        return ""
    listed = titles.get(words.reason or words.text or "", words.reason)
    own = words.text if words.text not in titles else None
    quoted = f"«\u00a0{own}\u00a0»" if own else None
    return "\u00a0: ".join(filter(None, [listed, quoted]))


def _state(state: Mapping[str, Any] | None, titles: Mapping[str, str]) -> str:
    """The stage, priority, concession or task of a state; no more is for reading."""
    fields = state or {}
    if proposed := fields.get("proposed"):
        return _proposed(proposed, titles)
    if stage := fields.get("stage") or fields.get("observed"):
        return titles.get(stage, stage)
    if fields.get("expected"):
        due = date.fromisoformat(fields["due_on"])
        return f"{fields['expected']} d’ici au {day(due)}"
    if fields.get("percent"):
        return price_percent(fields["percent"])
    return PRIORITY[fields["priority"]] if fields.get("priority") else ""


def _proposed(what: str | float, titles: Mapping[str, str]) -> str:
    """A stage, a priority or a concession."""
    if not isinstance(what, str):
        return f"remise de {price_percent(what)}"
    return f"priorité {PRIORITY[what]}" if what in PRIORITY else titles.get(what, what)
