"""The judge is tried before it is believed: faults are planted in our own French."""

import pytest

from tests.explanations.grammar import grammar_faults

FOUND_AT_LEAST = 10

# What we write, and the same with one fault.
PLANTED = {
    "gender": (
        "Opportunité passée en priorité élevée.",
        "Opportunité passé en priorité élevée.",
    ),
    "number": (
        "3 réponses aux e-mails de relance.",
        "3 réponse aux e-mails de relance.",
    ),
    "verb": ("Les signaux se contredisent.", "Les signaux se contredit."),
    "elision": (
        "Aucune réponse à l’e-mail depuis 18\xa0jours.",
        "Aucune réponse à le e-mail depuis 18\xa0jours.",
    ),
    "elision of a preposition": (
        "Demande d’un rendez-vous.",
        "Demande de un rendez-vous.",
    ),
    "homophone": ("Le prospect a répondu hier.", "Le prospect à répondu hier."),
    "participle": ("Le devis a été envoyé hier.", "Le devis a été envoyer hier."),
    "spelling": (
        "Rendez-vous avec le prospect hier.",
        "Rendez-vous avec le propsect hier.",
    ),
    "space before a colon": (
        "En sens contraire\xa0: devis envoyé hier.",
        "En sens contraire: devis envoyé hier.",
    ),
    "straight apostrophe": (
        "Réponse à l’e-mail de relance.",
        "Réponse à l'e-mail de relance.",
    ),
    "double space": ("Devis envoyé hier.", "Devis envoyé  hier."),
    "plural of nothing": (
        "Aucune visite de la page tarifs.",
        "0\xa0visites de la page tarifs.",
    ),
}


def test_of_twelve_planted_faults_the_judge_finds_ten() -> None:
    assert len(PLANTED) == 12
    found = grammar_faults(wrong for _, wrong in PLANTED.values())
    missed = [name for name, (_, wrong) in PLANTED.items() if not told(wrong, found)]
    assert len(PLANTED) - len(missed) >= FOUND_AT_LEAST, missed


@pytest.mark.parametrize("name", PLANTED)
def test_the_judge_finds_none_where_none_is_planted(name: str) -> None:
    right, _ = PLANTED[name]
    assert grammar_faults([right]) == []


def told(line: str, found: list[str]) -> bool:
    return any(one.startswith(repr(line)) for one in found)
