"""A narrative says what happened, why, and what is expected: no more than is known."""

import itertools
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.reasons.forms import made_up_stories
from explanations.narrative import narrate
from explanations.narrative_input import NarrativeInput
from explanations.reason import Check, Direction, NextStep, Reason
from explanations.score import (
    SHORT_LENGTH,
    Doubt,
    Ending,
    Grade,
    Narrative,
    Priority,
    TextedReason,
    TextedStep,
)
from tests.budgets import examples
from tests.explanations.grammar import grammar_faults
from tests.explanations.test_wording import (
    NOON,
    SHIPPED,
    make_reason,
    shipped,
    wording,
)

HIGH, NORMAL, LOW = Priority.HIGH, Priority.NORMAL, Priority.LOW

REPLY = make_reason("reponses", followup_replies_30d=1, points=14)
PRICING = make_reason("interet_tarifs", pricing_views_30d=3, points=9)
LATENCY = make_reason("delai_reponse", reply_latency_hours=5, points=6)
PROFILE = make_reason(
    "profil", sector="sante", headcount=120, region="bretagne", points=4
)
OBJECTIONS = make_reason(
    "objections", way=Direction.DOWN, price_objections=1, absent_decider_objections=1
)
NO_REPLY = make_reason(
    "reponses", way=Direction.DOWN, check=Check.INSERTION, days=18, points=12
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
) -> NarrativeInput:
    return NarrativeInput(
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


def with_steps(story: NarrativeInput, **steps: float) -> NarrativeInput:
    """The story with next steps and what they would take the score to."""
    return replace(
        story,
        steps=tuple(
            TextedStep(NextStep(name, score_with), wording().step(name))
            for name, score_with in steps.items()
        ),
    )


def ended(ending: Ending, story: NarrativeInput) -> NarrativeInput:
    return replace(story, closed=ending)


def told(story: NarrativeInput) -> Narrative:
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
        "En sens contraire\xa0:\n"
        "–\xa0réserves exprimées\xa0: prix ou budget, décideur absent."
    )
    assert parts.expected == "Appelez le prospect d’ici au mercredi 25 novembre."
    assert parts.short == (
        "Priorité élevée\xa0– réponse à l’e-mail de relance\xa0; en sens "
        "contraire, réserves exprimées\xa0: prix ou budget, décideur absent"
    )


@pytest.mark.parametrize(
    ("points", "is_told"), [(5.0, True), (4.9, False)], ids=["half", "less"]
)
def test_a_short_form_tells_the_other_side_where_it_weighs(
    points: float, is_told: bool
) -> None:
    against = make_reason(
        "silence", way=Direction.DOWN, points=points, days_since_lead_acted=18
    )
    short = told(make_story(replace(REPLY, log_odds=0.5), against)).short
    assert ("aucun signe du prospect" in short) is is_told


@pytest.mark.parametrize("priority", [HIGH, LOW])
def test_nothing_sets_apart_a_lead_whose_priority_does(priority: Priority) -> None:
    parts = told(make_story(priority=priority, score=33.0))
    assert parts.short.endswith(
        "\xa0– score proche du point de départ, sans fait marquant"
    )
    assert "rien ne le distingue" not in parts.text


def test_a_short_form_names_the_reasons_that_fit() -> None:
    three = (
        "Priorité élevée\xa0– réponse à l’e-mail de relance\xa0; nouvelle visite de la "
        "page tarifs\xa0; délai de réponse inférieur à 24\xa0h"
    )
    assert told(make_story(*UPS)).short == three
    assert told(make_story(*UPS, PROFILE)).short == three


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
    assert parts.short == "Priorité normale\xa0– rien ne le distingue"


@pytest.mark.parametrize(
    ("score", "ordinary"), [(36.0, True), (36.01, False), (30.0, True), (29.9, False)]
)
def test_a_score_far_from_the_base_asks_for_reasons(
    score: float, ordinary: bool
) -> None:
    why = told(make_story(priority=NORMAL, previous=NORMAL, score=score)).why
    expected = "rien ne le distingue" if ordinary else "Aucune raison vérifiée"
    assert expected in why


@pytest.mark.parametrize("way", Direction)
def test_reasons_that_do_not_explain_a_move_are_not_denied(way: Direction) -> None:
    """There are verified reasons, and none of them explains it."""
    reasons, priority = (
        ((OBJECTIONS,), HIGH) if way is Direction.DOWN else ((REPLY,), LOW)
    )
    short = told(make_story(*reasons, priority=priority)).short
    unexplained, _, contrary = short.partition("\xa0; en sens contraire, ")
    assert unexplained.endswith("\xa0– aucune raison vérifiée ne l’explique")
    assert contrary == wording().reason(reasons[0], NOON)


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


# --- What would raise it ----------------------------------------------------

LEAD = "Selon le modèle, sans garantie, "


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        pytest.param({}, None, id="none"),
        pytest.param(
            {"rendez_vous": 71.4},
            f"{LEAD}un rendez-vous porterait le score de 62 à 71 sur 100.",
            id="one",
        ),
        pytest.param(
            {"rendez_vous": 71.4, "appel": 65.0},
            f"{LEAD}un rendez-vous porterait le score de 62 à 71 sur 100\xa0; un appel "
            "abouti, à 65.",
            id="two",
        ),
        pytest.param(
            {"rendez_vous": 65.4, "appel": 65.0},
            f"{LEAD}un rendez-vous ou un appel abouti porterait le score de 62 à 65 "
            "sur 100.",
            id="the same",
        ),
        pytest.param(
            {"rendez_vous": 71.4, "appel": 62.4},
            f"{LEAD}un rendez-vous porterait le score de 62 à 71 sur 100.",
            id="a rise that can't be seen",
        ),
        pytest.param(
            {"rendez_vous": 62.4, "appel": 62.3},
            f"{LEAD}un rendez-vous relèverait à peine le score.",
            id="no rise that can be seen",
        ),
    ],
)
def test_next_steps_are_told_from_the_score(
    steps: dict[str, float], said: str | None
) -> None:
    action = "Appelez le prospect d’ici au mercredi 25 novembre."
    expected = told(with_steps(make_story(*UPS), **steps)).expected
    assert expected == (f"{action} {said}" if said else action)


def test_no_step_is_told_where_a_person_judges_or_nothing_is_expected() -> None:
    doubted = with_steps(make_story(*UPS, doubts=(Doubt.ATYPICAL,)), rendez_vous=71)
    closed = ended(Ending.WON, with_steps(make_story(*UPS), rendez_vous=71))
    assert not any("modèle" in told(story).text for story in (doubted, closed))


# --- A lead whose outcome is known ------------------------------------------


@pytest.mark.parametrize(
    ("closed", "name"),
    [(Ending.WON, "gagnée"), (Ending.LOST, "perdue")],
)
def test_nothing_is_expected_of_a_closed_lead(closed: Ending, name: str) -> None:
    parts = told(ended(closed, make_story(*UPS)))
    assert parts.happened == (
        f"Affaire {name}, classée pour mémoire en priorité élevée, avec un score de 62 "
        "sur 100 (note A)."
    )
    assert parts.expected == (
        f"Affaire {name}\xa0: aucune action n’est attendue, le score est donné pour "
        "mémoire."
    )
    assert parts.short == f"Affaire {name}\xa0: aucune action n’est attendue"
    assert parts.text.startswith(f"Affaire {name}, classée pour mémoire")
    assert parts.text.endswith(parts.expected)


@pytest.mark.parametrize("priority", Priority)
@pytest.mark.parametrize("doubts", [(), (Doubt.OUT_OF_RANGE,)])
@pytest.mark.parametrize("reasons", [(), UPS, DOWNS])
def test_no_one_is_told_to_act_on_a_closed_lead(
    reasons: tuple[Reason, ...], doubts: tuple[Doubt, ...], priority: Priority
) -> None:
    story = make_story(*reasons, doubts=doubts, priority=priority)
    parts = told(ended(Ending.LOST, story))
    for part in (parts.expected, parts.short, parts.text):
        assert "aucune action n’est attendue" in part
        assert not re.search(r"\b[A-ZÀa-zà]+ez\b|d’ici au|vous de juger", part)


# --- A note -----------------------------------------------------------------

NOTE = "Le tarif leur paraît élevé.\nÀ revoir."
QUOTED = "«\xa0Le tarif leur paraît élevé. À revoir\xa0»"
NOTED = replace(OBJECTIONS, quote=NOTE)
FELT = make_reason(
    "ressenti_terrain", way=Direction.DOWN, last_tone=-1, quote=NOTE, points=5
)


# --- What a person decided ----------------------------------------------------


@pytest.mark.parametrize("reasons", [UPS, DOWNS, (), (*UPS, *DOWNS)])
@pytest.mark.parametrize("doubts", [(), (Doubt.ATYPICAL,)])
def test_a_person_s_priority_is_theirs_and_no_reason_is_said_to_make_it(
    reasons: tuple[Reason, ...], doubts: tuple[Doubt, ...]
) -> None:
    story = make_story(*reasons, priority=LOW, previous=HIGH, doubts=doubts)
    one = told(replace(story, by_person=True, is_settled=True))
    assert one.happened.startswith(
        "Opportunité en priorité basse par décision d’une personne, avec un score"
    )
    assert one.text.startswith(
        "Opportunité en priorité basse par décision d’une personne.\n\n"
    )
    assert one.short == "Priorité basse\xa0– par décision d’une personne"
    assert not re.search(" car|sans raison|maintenue|tient au score", one.text)
    assert "À vous de juger" not in one.text
    assert one.expected.startswith("Aucune action urgente")
    for way, heading in (
        (UPS, "en sa faveur\xa0:"),
        (DOWNS, "en sa défaveur\xa0:"),
    ):
        assert (heading in one.why) is (way[0] in reasons)


def test_a_person_s_priority_is_told_near_the_base_too() -> None:
    one = told(replace(make_story(score=34.0), by_person=True))
    ordinary = "Le score, lui, reste proche du point de départ"
    assert one.why.startswith(ordinary)
    closed = told(replace(ended(Ending.WON, make_story()), by_person=True))
    assert closed == told(ended(Ending.WON, make_story()))


@pytest.mark.parametrize(
    ("priority", "reasons", "expected"),
    [
        (HIGH, UPS, "Appelez le prospect d’ici au"),
        (HIGH, (), "Faites le point sur ce dossier d’ici au"),
        (NORMAL, (), "Aucune action urgente\xa0: faites le point"),
        (LOW, DOWNS, "Aucune action urgente\xa0: faites le point"),
    ],
)
def test_a_doubt_that_a_person_has_seen_to_is_told_and_asks_for_nobody(
    priority: Priority, reasons: tuple[Reason, ...], expected: str
) -> None:
    story = make_story(*reasons, priority=priority, doubts=(Doubt.ATYPICAL,))
    one = told(replace(story, is_settled=True))
    assert told(story).expected.startswith("À vous de juger")
    assert one.expected.startswith(expected)
    assert one.short.endswith("– peu de dossiers passés ressemblent à celui-ci")
    assert one.why == told(story).why


def test_a_note_is_quoted_once_and_never_in_short() -> None:
    parts = told(make_story(NOTED, FELT, priority=LOW))
    for part in (parts.why, parts.text):
        assert part.count(QUOTED) == 1
        assert "ressenti négatif dans la dernière note de terrain." in part
    assert parts.short == (
        "Priorité basse\xa0– réserves exprimées\xa0: prix ou budget, décideur absent"
        "\xa0; ressenti négatif dans la dernière note de terrain"
    )


@given(note=st.text(max_size=400))
def test_no_note_breaks_the_form(note: str) -> None:
    noted = replace(OBJECTIONS, quote=note)
    plain = told(make_story(OBJECTIONS, REPLY, priority=LOW))
    parts = told(make_story(noted, REPLY, priority=LOW))
    assert parts.short == plain.short
    assert parts.text.count("\n") == plain.text.count("\n")
    assert parts.text.count("«") == parts.text.count("»") <= 1
    without = re.sub(r" \(«\xa0.*\xa0»\)", "", parts.text)
    assert without == plain.text


# --- The battery ------------------------------------------------------------


def parts_of(one: Narrative) -> tuple[str, ...]:
    return (one.happened, one.why, one.expected, one.short, one.text)


def stories() -> Iterator[NarrativeInput]:
    for story in scored_stories():
        yield story
        if story.previous_priority is None:
            yield replace(story, by_person=True, is_settled=True)
            yield replace(story, is_settled=True)


def scored_stories() -> Iterator[NarrativeInput]:
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
    """Of every combination, and of what draws on every form of both catalogues."""
    made_up = (
        narrate(story, shipped(name))
        for name in SHIPPED
        for story in made_up_stories(shipped(name), examples(400), seed=2)
    )
    return (*(told(story) for story in stories()), *made_up)


@pytest.mark.parametrize(
    "fault",
    [r"  ", r"['\"{}]", r" [:;%€»]", r"\binconnu", r"\.\.", r"^\s|\s$", r"\n{3}"],
)
def test_a_narrative_has_no_fault(fault: str) -> None:
    for one in narratives():
        for part in parts_of(one):
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
    lines = {
        line
        for one in narratives()
        for part in parts_of(one)
        for line in part.split("\n")
    }
    assert grammar_faults(sorted(lines)) == []
