"""A narrative says what happened, why, and what is expected: no more than is known."""

import itertools
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import pytest

from explanations.narrative import SHORT_LENGTH, Story, narrate
from explanations.reason import Check, Reason, Way
from explanations.score import Doubt, Grade, Narrative, Priority, TextedReason
from tests.explanations.grammar import grammar_faults
from tests.explanations.test_wording import NOON, make_reason, wording

HIGH, NORMAL, LOW = Priority.HIGH, Priority.NORMAL, Priority.LOW

REPLY = make_reason("reponses", followup_replies_30d=1, points=14)
PRICING = make_reason("interet_tarifs", pricing_views_30d=3, points=9)
LATENCY = make_reason("delai_reponse", reply_latency_hours=5, points=6)
PROFILE = make_reason(
    "profil", sector="sante", headcount=120, region="bretagne", points=4
)
OBJECTIONS = make_reason(
    "objections", way=Way.DOWN, price_objections=1, absent_decider_objections=1
)
NO_REPLY = make_reason(
    "reponses", way=Way.DOWN, check=Check.INSERTION, days=18, points=12
)
UPS = (REPLY, PRICING, LATENCY)
DOWNS = (NO_REPLY, OBJECTIONS)


def make_story(
    *reasons: Reason,
    priority: Priority = HIGH,
    previous: Priority | None = NORMAL,
    score: float = 62.0,
    base: float = 33.0,
    doubts: tuple[Doubt, ...] = (),
) -> Story:
    return Story(
        priority=priority,
        previous_priority=previous,
        grade=Grade.A,
        score=score,
        base=base,
        reasons=tuple(
            TextedReason(reason, wording().reason(reason, NOON)) for reason in reasons
        ),
        doubts=doubts,
        moment=NOON,
    )


def told(story: Story) -> Narrative:
    return narrate(story, wording())


# --- The forms that are promised --------------------------------------------


def test_a_change_of_priority_is_told_in_the_reference_form() -> None:
    assert told(make_story(*UPS)).text == (
        "Opportunité passée en priorité élevée car\xa0:\n"
        "–\xa0réponse à l’e-mail de relance\xa0;\n"
        "–\xa0nouvelle visite de la page tarifs\xa0;\n"
        "–\xa0délai de réponse inférieur à 24\xa0h.\n"
        "\n"
        "Appelez le prospect d’ici au mercredi 25 novembre."
    )


def test_the_three_parts_stand_alone() -> None:
    parts = told(make_story(REPLY, OBJECTIONS))
    assert parts.happened == (
        "Opportunité passée en priorité élevée, avec un score de 62 sur 100 (note A)."
    )
    assert parts.why == (
        "–\xa0réponse à l’e-mail de relance.\n"
        "\n"
        "À surveiller\xa0:\n"
        "–\xa0réserves exprimées\xa0: prix ou budget, décideur absent."
    )
    assert parts.expected == "Appelez le prospect d’ici au mercredi 25 novembre."
    assert parts.short == "Priorité élevée\xa0: réponse à l’e-mail de relance"


def test_a_short_form_names_the_reasons_that_fit() -> None:
    assert told(make_story(*UPS)).short == (
        "Priorité élevée\xa0: réponse à l’e-mail de relance, nouvelle visite de la "
        "page tarifs, délai de réponse inférieur à 24\xa0h"
    )
    assert told(make_story(*UPS, PROFILE)).short == (
        "Priorité élevée\xa0: réponse à l’e-mail de relance\xa0; nouvelle visite de la "
        "page tarifs\xa0; délai de réponse inférieur à 24\xa0h"
    )


def test_a_low_priority_is_told_from_below() -> None:
    text = told(make_story(PRICING, *DOWNS, priority=LOW, score=12)).text
    assert text == (
        "Opportunité passée en priorité basse car\xa0:\n"
        "–\xa0aucune réponse à l’e-mail depuis 18\xa0jours\xa0;\n"
        "–\xa0réserves exprimées\xa0: prix ou budget, décideur absent.\n"
        "\n"
        "En sens contraire\xa0:\n"
        "–\xa0nouvelle visite de la page tarifs.\n"
        "\n"
        "Aucune action urgente\xa0: faites le point sur ce dossier d’ici au "
        "mardi 8 décembre."
    )


@pytest.mark.parametrize(
    ("previous", "opening"),
    [
        (NORMAL, "Opportunité passée en priorité élevée car"),
        (HIGH, "Opportunité maintenue en priorité élevée car"),
        (None, "Opportunité classée en priorité élevée car"),
    ],
    ids=["changed", "kept", "first"],
)
def test_the_move_is_told(previous: Priority | None, opening: str) -> None:
    assert told(make_story(*UPS, previous=previous)).text.startswith(opening)


@pytest.mark.parametrize(
    ("previous", "first"),
    [
        (HIGH, " car\xa0:\n–\xa0aucune réponse"),
        (LOW, " car\xa0:\n–\xa0réponse à"),
        (NORMAL, ".\n\nCe qui joue en sa faveur\xa0:\n–\xa0réponse à"),
    ],
    ids=["fallen", "risen", "kept"],
)
def test_a_normal_priority_is_told_by_where_it_comes_from(
    previous: Priority, first: str
) -> None:
    story = make_story(REPLY, NO_REPLY, priority=NORMAL, previous=previous)
    assert f"en priorité normale{first}" in told(story).text


# --- Nothing is invented ----------------------------------------------------


def test_a_lead_near_the_base_is_like_any_other() -> None:
    parts = told(make_story(priority=NORMAL, score=35.9))
    assert "rien ne le distingue" in parts.why
    assert parts.short == "Priorité normale\xa0: rien ne le distingue"


@pytest.mark.parametrize(
    ("score", "ordinary"), [(36.0, True), (36.01, False), (30.0, True), (29.9, False)]
)
def test_a_score_far_from_the_base_asks_for_reasons(
    score: float, ordinary: bool
) -> None:
    why = told(make_story(priority=NORMAL, previous=NORMAL, score=score)).why
    expected = "rien ne le distingue" if ordinary else "Aucune raison vérifiée"
    assert expected in why


def test_a_high_priority_without_a_reason_says_so() -> None:
    text = told(make_story(OBJECTIONS)).text
    assert text.startswith(
        "Opportunité passée en priorité élevée, sans raison vérifiée qui l’explique."
    )
    assert "Ce qui joue en sa défaveur" in text
    assert " car" not in text


@pytest.mark.parametrize("doubt", Doubt)
@pytest.mark.parametrize("reasons", [(), UPS, (REPLY, OBJECTIONS)])
def test_a_doubt_is_handed_over_to_a_person(
    reasons: tuple[Reason, ...], doubt: Doubt
) -> None:
    parts = told(make_story(*reasons, doubts=(doubt,)))
    assert parts.expected.startswith("À vous de juger")
    assert "à vous de juger" in parts.short
    assert " car" not in parts.text


def test_a_doubt_about_every_reason_is_plain() -> None:
    parts = told(make_story(doubts=(Doubt.NO_TRUE_REASON,)))
    assert parts.why == "Aucune raison vérifiée n’explique ce score."
    assert parts.text.startswith(
        "Opportunité passée en priorité élevée, mais aucune raison vérifiée "
        "n’explique ce score.\n\nÀ vous de juger"
    )


@pytest.mark.parametrize(
    ("reasons", "priority", "action"),
    [
        ((REPLY,), HIGH, "Appelez le prospect d’ici au mercredi 25 novembre."),
        ((PROFILE,), HIGH, "Qualifiez le besoin du prospect d’ici au mercredi 25"),
        ((OBJECTIONS,), NORMAL, "Faites arbitrer la suite par votre responsable d’ici"),
        ((OBJECTIONS,), HIGH, "Faites le point sur ce dossier d’ici au mercredi 25"),
        ((REPLY,), LOW, "Aucune action urgente"),
        ((), NORMAL, "Faites le point sur ce dossier d’ici au mardi 1ᵉʳ décembre."),
    ],
)
def test_the_strongest_reason_tells_what_to_do(
    reasons: tuple[Reason, ...], priority: Priority, action: str
) -> None:
    assert told(make_story(*reasons, priority=priority)).expected.startswith(action)


# --- The battery ------------------------------------------------------------


def stories() -> Iterator[Story]:
    doubts = [(), *((doubt,) for doubt in Doubt), tuple(Doubt)]
    reasons = [(), UPS, DOWNS, (*UPS, PROFILE, *DOWNS), (PROFILE,)]
    for priority, previous, doubt, several, score in itertools.product(
        Priority, [None, *Priority], doubts, reasons, (0.2, 33.0, 62.0)
    ):
        yield make_story(
            *several, priority=priority, previous=previous, doubts=doubt, score=score
        )


@cache
def narratives() -> tuple[Narrative, ...]:
    return tuple(told(story) for story in stories())


@pytest.mark.parametrize(
    "fault",
    [r"  ", r"['\"{}]", r" [:;%€»]", r"\binconnu", r"\.\.", r"^\s|\s$", r"\n{3}"],
)
def test_a_narrative_has_no_fault(fault: str) -> None:
    for one in narratives():
        for part in (one.happened, one.why, one.expected, one.short, one.text):
            assert re.search(fault, part) is None, part


def test_a_narrative_is_a_text_of_sentences() -> None:
    for one in narratives():
        for part in (one.happened, one.expected, one.text):
            assert re.match(r"[A-ZÀ]", part), part
            assert part.endswith("."), part
        assert one.why.endswith(".")
        assert one.text.endswith(one.expected)


def test_a_short_form_is_short() -> None:
    assert all(0 < len(one.short) <= SHORT_LENGTH for one in narratives())


def test_a_reason_too_long_for_a_short_form_is_left_out_whole() -> None:
    long = TextedReason(REPLY, "réponse " * 20)
    assert told(replace(make_story(), reasons=(long,))).short == "Priorité élevée"


def test_the_grammar_of_narratives_is_right() -> None:
    texts = {
        part
        for one in narratives()
        for part in (one.happened, one.why, one.expected, one.short, one.text)
    }
    assert grammar_faults(sorted(texts)) == []
