"""Words of the page of all that is held of somebody, who reads it without knowing the
service."""

from collections.abc import Mapping

from governance.policy.task import TaskKind
from serving.console.page.format_fr import TASK

TITLE: Mapping[str, str] = {
    "lead": "Votre dossier",
    "wishes": "Vos choix : consentements, refus et oppositions",
    "event": "Ce qui s’est passé",
    "history": "Ce qui s’est passé avant la mise en service de notre outil",
    "score": "Les scores calculés, et leurs raisons",
    "notice": "Les messages envoyés à nos équipes",
    "task": "Ce que nos équipes avaient à faire",
    "statement": "Qui, dans nos équipes, a noté ou dit quelque chose",
    "suspension": "Les arrêts demandés des traitements automatiques",
    "decision": "Les décisions d’étape, et qui les a prises",
    "concession": "Les remises accordées, et par qui",
    "requalification": "Les changements de priorité, et par qui",
    "proposal": "Ce qu’un logiciel a proposé, et qu’une personne décide",
    "break_glass": "Les accès d’urgence d’un administrateur, et pourquoi",
    "lead_access": "Qui a consulté ces données",
    "audit": "Ce qui a été fait, par qui et pourquoi",
}
NOTE: Mapping[str, str] = {
    "score": (
        "Un score estime, de 0 à 100, la chance que le dossier aboutisse à une vente. "
        "Il sert à classer les dossiers à traiter, et ne décide de rien."
    ),
    "proposal": (
        "Ces changements sont réservés aux personnes : sans leur accord, rien ne se "
        "fait."
    ),
    "lead_access": "Ces consultations sont gardées 30 jours.",
}
COLUMN: Mapping[str, str] = {
    "accepted_at": "opposition levée le",
    "actor": "qui a agi",
    "asked_by": "demandé par",
    "at": "le",
    "begun_at": "depuis le",
    "begun_by": "demandé par",
    "body": "explication",
    "broken_at": "le",
    "clause": "règle appliquée",
    "close_reason": "raison de la fin",
    "closed_at": "date de fin",
    "closed_by": "terminé par",
    "concession_percent": "remise proposée",
    "created_at": "date d’enregistrement",
    "data": "contenu",
    "decided_at": "date de la décision",
    "decided_by": "décidé par",
    "decides": "pouvait décider",
    "decision_reason": "raison de la décision",
    "due_on": "à faire pour le",
    "ended_at": "arrêt levé le",
    "ended_by": "arrêt levé par",
    "entered_at": "premier fait connu le",
    "escalated_at": "transmis à un supérieur le",
    "event_id": "référence",
    "expected": "à faire",
    "expires_at": "à décider avant le",
    "external_id": "identifiant",
    "forgotten_at": "date d’effacement",
    "from_priority": "de la priorité",
    "from_stage": "de l’étape",
    "grade": "note, de A à D",
    "kind": "nature",
    "last_sign_at": "dernier signe de votre part le",
    "login": "compte",
    "lost_reason": "raison de la perte",
    "model_version": "version du calcul",
    "moment": "calculé d’après ce qui était connu le",
    "objected_at": "opposition au profilage le",
    "observed_at": "observée ailleurs le",
    "observed_stage": "étape observée ailleurs",
    "occurred_at": "le",
    "opened_by": "demandé par",
    "owner": "responsable",
    "owner_at": "responsable depuis le",
    "percent": "remise",
    "person": "qui",
    "priority": "priorité",
    "reason": "raison",
    "received_at": "reçu le",
    "recipient": "envoyé à",
    "removal": "retirée ailleurs",
    "removed_at": "retirée ou restaurée ailleurs le",
    "reserved": "réservé aux personnes",
    "rule_id": "règle automatique",
    "score": "score",
    "short": "en bref",
    "signed_stage": "étape décidée par une personne",
    "signer": "par",
    "source": "reçu de",
    "stage": "étape",
    "stage_at": "à cette étape depuis le",
    "stated_at": "le",
    "status": "état",
    "text": "texte",
    "to_priority": "à la priorité",
    "to_stage": "à l’étape",
    "until": "jusqu’au",
    "vouched_stage": "étape déclarée par un autre logiciel",
    "what": "quoi",
    "why": "pourquoi",
    "words": "dans ses mots",
    "written_at": "date du calcul",
}
# Digests, counters, and what others of the columns say already.
UNTOLD = frozenset(
    {
        "automation",
        "band",
        "explains",
        "looked_at",
        "merged_into",
        "model_sha256",
        "skeleton",
        "stage_assurance",
        "version",
    }
)
FIRST = ("kind", "what", "score")  # of a row: what it is
LAST = ("event_id",)
# Of what an event holds; attributes have words of their own in the catalogue.
FIELD: Mapping[str, str] = {
    "amount": "montant",
    "channel": "par",
    "document": "document",
    "duration_minutes": "durée, en minutes",
    "form": "formulaire",
    "lost_reason": "raison de la perte",
    "objections": "objections entendues",
    "outcome": "résultat",
    "page": "page",
    "percent": "remise",
    "previous": "priorité d’avant",
    "priority": "priorité",
    "reason": "raison",
    "session": "numéro de la visite",
    "source": "par le biais de",
    "step": "rang dans la série d’e-mails",
    "template": "modèle d’e-mail",
    "text": "texte",
    "to": "en réponse à l’e-mail",
    "tone": "ton de l’échange",
    "until": "jusqu’au",
    "words": "nombre de mots",
}
STAGE_FIELD: Mapping[str, str] = {"from": "de l’étape", "to": "à l’étape"}
ACTOR: Mapping[str, str] = {
    "lead": "vous",
    "person": "une personne de nos équipes",
    "automation": "un automatisme",
}
SOURCE: Mapping[str, str] = {
    "crm": "notre fichier des clients et prospects",
    "frein": "notre outil de suivi",
    "mail": "notre outil d’e-mails",
    "site": "notre site",
}
EXPECTED: Mapping[str, str] = {
    "appel": "vous appeler",
    "qualification": "mieux connaître votre besoin",
    "arbitrage": "décider",
}
STATUS: Mapping[str, str] = {
    "open": "en cours",
    "closed": "terminé",
    "confirmed": "accepté par une personne",
    "dismissed": "écarté par une personne",
    "decided_in_crm": "décidé ailleurs",
    "expired": "abandonné",
}
REMOVAL: Mapping[str, str] = {
    "deleted": "supprimée",
    "archived": "archivée",
    "merged": "fusionnée avec une autre",
}
READ: Mapping[str, str] = {"page": "la page du dossier", "export": "ce document"}
CALLED: Mapping[str, str] = {kind.value: TASK[kind] for kind in TaskKind}
ANY_KEY = "un logiciel de l’entreprise"
ANY_RULE = "un automatisme"
PRUNED = "effacée, car gardée le temps prévu"
YES, NO = "oui", "non"
