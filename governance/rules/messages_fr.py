"""What the rules say in French: one sentence a result. Spaces are U+00A0 where due."""

from explanations.rounding import nearest
from governance.rules.outcome import Outcome, RuleResult

RESULT: dict[RuleResult, str] = {
    RuleResult.FIRED: "Règle {rule} appliquée.",
    RuleResult.REFUSED: "Règle {rule} refusée par la politique.",
    RuleResult.LOST: "Règle {rule} écartée au profit de {winner}.",
    RuleResult.SOURCE_NOT_ALLOWED: (
        "Règle {rule} non déclenchée : la source « {source} » ne lui est pas permise."
    ),
    RuleResult.SUSPENDED: "Règle {rule} suspendue par une personne.",
    RuleResult.LEAD_SUSPENDED: (
        "Règle {rule} sans effet : une personne a suspendu les automatismes sur cette "
        "opportunité."
    ),
    RuleResult.HELD: (
        "Règle {rule} sans effet : une exception attend une personne sur cette "
        "opportunité."
    ),
    RuleResult.TOO_SOON: "Règle {rule} sans effet : elle a déjà agi récemment.",
    RuleResult.NO_CHANGE: "Règle {rule} sans effet : elle ne changerait rien.",
    RuleResult.BARELY_MOVED: (
        "Règle {rule} sans effet : le score a bougé de moins de 3 points."
    ),
    RuleResult.TOO_DEEP: (
        "Règle {rule} arrêtée : trop d’automatismes se sont enchaînés, une personne "
        "est appelée."
    ),
    RuleResult.TOO_MANY: (
        "Règle {rule} arrêtée : trop d’écritures automatiques en une heure."
    ),
    RuleResult.ECHO: "Écho de notre propre écriture : rien n’est déclenché.",
    RuleResult.NOT_IN_FORCE: (
        "Règle {rule} inactive, ou hors de sa période de validité."
    ),
    RuleResult.NOT_SET_OFF: (
        "Règle {rule} non déclenchée : rien ne l’appelle en ce moment."
    ),
    RuleResult.CONDITION_UNMET: "Règle {rule} non déclenchée : une condition manque.",
    RuleResult.CONDITION_UNKNOWN: (
        "Règle {rule} non déclenchée : un fait qu’elle demande est inconnu."
    ),
}

IF_SET_OFF = "Si elle l’était :"
WOULD_ACT = "Si elle l’était, elle agirait."

CHAIN_TOO_DEEP = (
    "Plusieurs automatismes se sont déclenchés l’un l’autre sur cette opportunité ; la "
    "règle {rule} a été arrêtée."
)


def delay(hours: float) -> str:
    """A delay: in hours up to two days, then in days.

    Examples
    --------
    >>> delay(27.6).replace("\u00a0", " "), delay(120).replace("\u00a0", " ")
    ('28 heures', '5 jours')
    >>> delay(0.4).replace("\u00a0", " ")
    'moins d’une heure'
    """
    if hours < 1:
        return "moins d’une heure"
    if hours < 47.5:
        whole = nearest(hours)
        return f"{whole}\u00a0{'heure' if whole == 1 else 'heures'}"
    return f"{nearest(hours / 24)}\u00a0jours"


def sentence_of(outcome: Outcome) -> str:
    """The sentence of an outcome."""
    return RESULT[outcome.result].format(
        rule=outcome.rule_id, winner=outcome.winner, source=outcome.source
    )
