"""French figures of the reports, with their intervals."""

from datetime import date

from babel.numbers import format_decimal

from explanations.language import MINUS
from governance.impact.interval import Estimate
from governance.impact.lead_course import Level
from governance.people.assurance import Assurance
from serving.automation.adoption import Use

# How much was sent by machines.
LEVEL = {
    Level.NONE: "aucun envoi automatique",
    Level.SOME: "moins de la moitié",
    Level.MOST: "la moitié ou plus",
}
# How it is known that a person ended a lead; None: of a history, nobody asked.
ENDED: dict[Assurance | None, str] = {
    Assurance.SIGNED: "signée ici par une personne",
    Assurance.VOUCHED: "déclarée par le CRM au nom d’une personne",
    Assurance.AUTOMATION: "sans auteur connu, comptée comme celle d’une machine",
    None: "reprise de l’historique",
}
# What people do with what they read.
USE = {
    Use.OPENED: "Raisons ouvertes",
    Use.CONFIRMED: "Priorités confirmées",
    Use.CONTESTED: "Priorités contestées",
    Use.SUSPENDED: "Suspensions",
    Use.DECIDED: "Propositions décidées",
    Use.EXPIRED: "Propositions expirées",
}
# Codes of the registry: its own types would load MLflow.
METRIC = {
    "auc": "Aire sous la courbe (de 0,5, au hasard, à 1)",
    "average_precision": "Précision moyenne",
    "log_loss": "Perte logarithmique (basse, c’est mieux)",
    "ece": "Erreur de calibrage (basse, c’est mieux)",
    "lift_at_10": "Gain sur les dix premiers pour cent",
}
# What the gate said of a version; the first one is asked nothing.
GATE = {None: "sans objet", "passed": "réussi", "refused": "refusé"}
DRIFT = {"stable": "stable", "shifting": "en mouvement", "shifted": "déplacé"}
# How a version became champion.
HOW = {
    "first": "de lui-même, faute d’autre",
    "promoted": "promu",
    "against_the_gate": "promu malgré l’examen",
    "rolled_back": "remis en service",
}


def between(low: str, high: str) -> str:
    """A range, whose bounds are written out.

    >>> between("12 salariés", "27 salariés"), between("7 salariés", "7 salariés")
    ('entre 12 salariés et 27 salariés', '7 salariés')
    """
    return low if low == high else f"entre {low} et {high}"


def figure_interval(estimate: Estimate) -> str:
    """« 0,738 (de 0,719 à 0,757) »."""
    return f"{number(estimate.value, 3)} ({_from_to(estimate, 1, digits=3)})"


def number(value: float, digits: int = 1) -> str:
    """« 1 234,5 », with a true minus sign."""
    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    text = str(format_decimal(round(value, digits) + 0.0, pattern, locale="fr"))
    return text.replace("-", MINUS)


def percent(share: float) -> str:
    """A share in [0, 1]: « 8,6 % »."""
    return f"{number(100 * share)}\u00a0%"


def percent_interval(estimate: Estimate) -> str:
    return f"{percent(estimate.value)} ({_from_to(estimate, 100)}\u00a0%)"


def gap(difference: float) -> str:
    """A difference of shares in [-1, 1]: « +2,4 points »."""
    sign = "+" if round(100 * difference, 1) > 0 else ""
    return f"{sign}{gap_size(difference)}"


def gap_size(difference: float) -> str:
    """« 2,4 points »."""
    points = round(100 * difference, 1)
    unit = "points" if abs(points) >= 2 else "point"  # French: plural from two on
    return f"{number(points)}\u00a0{unit}"


def count(how_many: int) -> str:
    """« 1 085 »."""
    return number(how_many, 0)


def gap_interval(estimate: Estimate) -> str:
    return f"{gap(estimate.value)} ({_from_to(estimate, 100)})"


def days_interval(estimate: Estimate | None) -> str:
    if estimate is None:
        return "trop peu de ventes"
    return f"{number(estimate.value, 0)}\u00a0jours ({_from_to(estimate, 1, digits=0)})"


def _from_to(estimate: Estimate, scale: float, digits: int = 1) -> str:
    bounds = (estimate.low, estimate.high)
    low, high = (number(scale * bound, digits) for bound in bounds)
    return f"de {low} à {high}"


def day_month(which: date) -> str:
    """« 23/11 »."""
    return f"{which:%d/%m}"
