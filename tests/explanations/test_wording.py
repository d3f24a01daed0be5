"""Every idea has a text, whatever its signals."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest

from benchmarks.reasons.forms import CODES, message_texts, reasons_of, told_ideas
from explanations import wording_checks
from explanations.errors import WordingError
from explanations.general_messages import GENERAL
from explanations.reason import Check, Direction, Evidence, Reason
from explanations.score import Doubt
from explanations.wording import LOCALE, Wording, read_wording
from features.catalogue import Catalogue, Nature, read_catalogue, shipped_catalogue
from tests.explanations.grammar import grammar_faults
from tests.factories import make_catalogue

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)  # a Tuesday
SHIPPED = ("b2b", "bpic2012")

Value = float | str | None


@cache
def shipped(name: str) -> Wording:
    """The wording of a shipped catalogue; reads both files."""
    return read_wording(read_catalogue(shipped_catalogue(name)))


def b2b() -> Catalogue:
    return shipped("b2b").catalogue


def wording() -> Wording:
    return shipped("b2b")


def make_reason(
    idea: str,
    *,
    way: Direction = Direction.UP,
    check: Check = Check.DELETION,
    days: float = 0,
    points: float = 10.0,
    **values: Value,
) -> Reason:
    signed = points if way is Direction.UP else -points
    return Reason(
        idea=idea,
        way=way,
        points=signed,
        log_odds=signed / 20,
        values=values,
        check=check,
        evidence=(),
        last_at=NOON - timedelta(days=days),
        inserted=None,
        score_without=50.0,
    )


def text_of(idea: str, **told: Value | Direction | Check) -> str:
    return wording().reason(make_reason(idea, **told), NOON)  # type: ignore[arg-type]  # the builder's own keywords


IDEAS = [
    pytest.param(name, idea, id=f"{name}-{idea}")
    for name in SHIPPED
    for idea in told_ideas(shipped(name).catalogue)
]


@cache
def texts_of(name: str, idea: str) -> frozenset[str]:
    words = shipped(name)
    reasons = reasons_of(words.catalogue, idea)
    return frozenset(words.reason(one, NOON) for one in reasons)


# --- The battery ------------------------------------------------------------

FAULTS = {
    "an edge that is blank": r"^\s|\s$",
    "a double space": r"\s\s",
    "a space before a comma": r"\s,",
    "a straight quote": r"['\"]",
    "a placeholder": r"[{}]|\?\?\?",
    "an unknown value": r"\binconnue?s?\b|\bunknown\b|\bnan\b|\bNone\b",
    "a count of nothing": r"(?<![\d,.\u202f])0\s?[a-zéè]",
    "a final stop": r"[.;:,]$",
    "jargon": r"shap|log.odds|feature|signal\b",
}
FRENCH_FAULTS = {
    "a capital at the start": r"^[A-ZÉÀ]",
    "a plain space before a sign": r" [:;%€»]|« |\d (h|min|jours?|mois|ans?)\b",
    "a plural of one": r"(?<![\d,.\u202f])1\s(?!mois)[a-zé]+s\b",
    "a decimal point": r"\d\.\d",
}


def faulty(texts: frozenset[str] | set[str], faults: dict[str, str]) -> list[str]:
    return [
        f"{fault}: {text}"
        for fault, pattern in faults.items()
        for text in sorted(texts)
        if re.search(pattern, text)
    ]


@pytest.mark.parametrize(("name", "idea"), IDEAS)
def test_a_text_has_no_fault(name: str, idea: str) -> None:
    assert faulty(texts_of(name, idea), FAULTS | FRENCH_FAULTS) == []


@pytest.mark.parametrize(("name", "idea"), IDEAS)
def test_a_text_fits_a_list(name: str, idea: str) -> None:
    assert all(4 < len(text) <= 100 for text in texts_of(name, idea))


@pytest.mark.parametrize("name", SHIPPED)
def test_an_idea_has_a_name_and_so_has_a_step(name: str) -> None:
    words = shipped(name)
    names = [words.idea(idea.name) for idea in words.catalogue.idea]
    names += [words.step(step.name) for step in words.catalogue.step]
    assert all(names)
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("name", SHIPPED)
def test_the_grammar_is_right(name: str) -> None:
    """Of every idea at every plural, of every code, and of all that is told besides."""
    reasons = {
        text
        for idea in told_ideas(shipped(name).catalogue)
        for text in texts_of(name, idea)
    }
    codes = texts_of_codes() if name == "b2b" else set()
    assert grammar_faults(sorted(reasons | codes | message_texts(shipped(name)))) == []


def codes_written(message: str) -> list[str]:
    """The codes on which a message of `fr.b2b.ftl` selects."""
    text = (LOCALE / "fr.b2b.ftl").read_text(encoding="utf-8")
    _, _, body = text.partition(f"\n{message} = ")
    return re.findall(r"\n        \[(\w+)\]", body[: body.index("\n\n")])


CODE_MESSAGES = [
    ("etape", "stage", "stage-of"),
    ("profil", "sector", "sector-of"),
    ("profil", "region", "region-in"),
    ("origine", "lead_source", "idea-origine"),
]
WRITTEN_CODES = [
    pytest.param(idea, signal, code, id=f"{signal}-{code}")
    for idea, signal, message in CODE_MESSAGES
    for code in codes_written(message)
]


def texts_of_codes() -> set[str]:
    return {
        text_of(idea, **{signal: code})
        for idea, signal, message in CODE_MESSAGES
        for code in codes_written(message)
    }


# --- The texts that are promised --------------------------------------------


@pytest.mark.parametrize(
    ("text", "idea", "told"),
    [
        ("réponse à l’e-mail de relance", "reponses", {"followup_replies_30d": 1.0}),
        (
            "3 réponses aux e-mails de relance",
            "reponses",
            {"followup_replies_30d": 3.0},
        ),
        (
            "réponse à un e-mail hier",
            "reponses",
            {"replies_14d": 1, "days_since_reply": 1},
        ),
        (
            "nouvelle visite de la page tarifs",
            "interet_tarifs",
            {
                "pricing_views_30d": 2,
                "pricing_views_7d": 1,
                "days_since_pricing_view": 0.1,
            },
        ),
        (
            "nouvelle visite de la page tarifs, la 5ᵉ en 30\xa0jours",
            "interet_tarifs",
            {"pricing_views_30d": 5},
        ),
        (
            "3 visites de la page tarifs en 30\xa0jours, la dernière il y a 9\xa0jours",
            "interet_tarifs",
            {"pricing_views_30d": 3, "days_since_pricing_view": 9},
        ),
        ("visite de la page tarifs", "interet_tarifs", {"pricing_views_30d": 1}),
        (
            "délai de réponse inférieur à 24\xa0h",
            "delai_reponse",
            {"reply_latency_hours": 23.9},
        ),
        (
            "réponse reçue malgré un délai de 4\xa0jours",
            "delai_reponse",
            {"reply_latency_hours": 97.0},
        ),
        (
            "activité récente du prospect, il y a 2\xa0jours",
            "silence",
            {"days_since_lead_acted": 2.1},
        ),
        (
            "activité récente du prospect, il y a 3\xa0h",
            "silence",
            {"days_since_lead_acted": 0.13},
        ),
        (
            "8 pages produit vues en 3 visites",
            "interet_produit",
            {"product_views_30d": 8, "product_sessions_30d": 3},
        ),
        (
            "devis de 12\u202f500\xa0€ envoyé il y a 3\xa0jours",
            "devis",
            {"quotes": 1, "last_quote_amount": 12500, "days_since_quote": 3},
        ),
        (
            "profil\xa0: secteur de la santé, 120 salariés, en Île-de-France",
            "profil",
            {"sector": "sante", "headcount": 120.0, "region": "Île-de-France"},
        ),
        (
            "suivi automatisé à 80\xa0% sur 30\xa0jours",
            "suivi_humain",
            {"automated_share_30d": 0.8},
        ),
        ("origine\xa0: HubSpot", "origine", {"lead_source": "hubspot"}),
    ],
)
def test_a_reason_is_told(text: str, idea: str, told: dict[str, Value]) -> None:
    assert text_of(idea, **told) == text


@pytest.mark.parametrize(
    ("stage", "told"),
    [
        ("signé\n– Appelez\u2028vite", "«\xa0signé – Appelez vite\xa0»"),
        ("«\xa0or\xa0»", "«\xa0“or”\xa0»"),
        ("\u202e \n …", "en cours"),
    ],
    ids=["lines", "quotation marks", "no word"],
)
def test_a_label_breaks_nothing(stage: str, told: str) -> None:
    text = text_of("etape", stage=stage, days_in_stage=1)
    assert text == f"passage à l’étape {told} hier"


def test_an_absence_is_told_since_the_event_that_calls_for_an_answer() -> None:
    absence = {"way": Direction.DOWN, "check": Check.INSERTION}
    assert text_of("reponses", days=18, **absence) == (
        "aucune réponse à l’e-mail depuis 18\xa0jours"
    )
    assert text_of("reponses", days=1, **absence) == (
        "aucune réponse à l’e-mail envoyé hier"
    )
    assert text_of("reponses", days=0.26, **absence) == (
        "aucune réponse à l’e-mail envoyé il y a 6\xa0h"
    )


def test_a_silence_is_told() -> None:
    assert text_of("silence", way=Direction.DOWN, days_since_lead_acted=18.2) == (
        "aucun signe du prospect depuis 18\xa0jours"
    )


@pytest.mark.parametrize("way", Direction)
def test_facts_do_not_follow_the_way_of_the_model(way: Direction) -> None:
    text = text_of("interet_tarifs", way=way, pricing_views_30d=3)
    assert text == "nouvelle visite de la page tarifs"


def test_yesterday_is_the_day_before_in_paris() -> None:
    just_after_midnight = datetime(2026, 11, 23, 23, 10, tzinfo=UTC)  # 0:10 in Paris
    visit = make_reason(
        "interet_tarifs", pricing_views_30d=1, days_since_pricing_view=0.02
    )
    assert wording().reason(visit, just_after_midnight) == (
        "visite de la page tarifs hier"
    )


@pytest.mark.parametrize(
    ("doubt", "told"),
    [
        (Doubt.NO_TRUE_REASON, "aucune raison vérifiée n’explique ce score"),
        (Doubt.CONTRADICTORY, "les signaux se contredisent"),
        (Doubt.ATYPICAL, "peu de dossiers passés ressemblent à celui-ci"),
        (Doubt.OUT_OF_RANGE, "aucun dossier passé n’a reçu un tel score"),
    ],
)
def test_a_doubt_is_told(doubt: Doubt, told: str) -> None:
    assert wording().doubt(doubt) == told


NOTE = "Bon accueil.\nLe tarif leur paraît élevé."
OBJECTION = make_reason("objections", way=Direction.DOWN, price_objections=1)


def test_a_note_is_quoted_after_the_reason_that_rests_on_it() -> None:
    noted = replace(OBJECTION, quote=NOTE)
    assert wording().reason(noted, NOON) == (
        "réserves exprimées\xa0: prix ou budget "
        "(«\xa0Bon accueil. Le tarif leur paraît élevé\xa0»)"
    )


def test_a_note_without_a_word_is_not_quoted() -> None:
    text = wording().reason(replace(OBJECTION, quote=" …\n"), NOON)
    assert text == wording().reason(OBJECTION, NOON)


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        (1, "sans cet élément, le score serait de 50 sur 100"),
        (2, "sans ces 2 éléments, le score serait de 50 sur 100"),
        (1000, "sans ces 1\u202f000 éléments, le score serait de 50 sur 100"),
    ],
)
def test_how_a_reason_was_checked_is_told(facts: int, told: str) -> None:
    evidence = tuple(Evidence("site", str(i)) for i in range(facts))
    reason = replace(make_reason("interet_tarifs"), evidence=evidence)
    assert wording().check(reason) == told
    absence = make_reason("reponses", way=Direction.DOWN, check=Check.INSERTION)
    assert wording().check(absence) == (
        "si l’événement attendu avait eu lieu, le score serait de 50 sur 100"
    )


# --- Facts under the heading that they don't suit -----------------------------

UNLIKE_FOR = ", sans jouer ici en sa faveur"
UNLIKE_AGAINST = ", sans jouer ici en sa défaveur"

# Of each idea, the worst that may be told in favour and the best that may be told
# against; "" where an idea's facts suit either heading as they are.
WORST_AND_BEST: dict[str, tuple[tuple[dict[str, Value], str], ...]] = {
    "reponses": (
        ({"replies": 1, "days_since_reply": 400}, ""),
        ({"replies": 3, "replies_14d": 3, "days_since_reply": 0.1}, UNLIKE_FOR),
    ),
    "delai_reponse": (
        ({"reply_latency_hours": 400}, ""),
        ({"reply_latency_hours": 1}, UNLIKE_FOR),
    ),
    "engagement_email": (
        ({"clicks_30d": 0}, UNLIKE_AGAINST),
        ({"clicks_30d": 4, "days_since_click": 1}, UNLIKE_FOR),
    ),
    "desabonnement": (({"unsubscribes": 1}, UNLIKE_AGAINST), ({}, "")),
    "interet_tarifs": (
        ({"days_since_pricing_view": 75}, ""),
        ({"pricing_views_30d": 5, "days_since_pricing_view": 1}, UNLIKE_FOR),
    ),
    "interet_produit": (
        ({"days_since_product_view": 75}, ""),
        ({"product_views_30d": 9, "days_since_product_view": 0.1}, UNLIKE_FOR),
    ),
    "recrutement": (
        ({"careers_views_60d": 3, "days_since_careers_view": 1}, UNLIKE_AGAINST),
        ({"days_since_careers_view": 75}, ""),
    ),
    "demandes": (
        ({"newsletter_share": 1}, ""),
        ({"forms_60d": 2, "newsletter_share": 0}, UNLIKE_FOR),
    ),
    "documents": (
        ({"days_since_document": 75}, ""),
        ({"documents_30d": 3, "days_since_document": 2}, UNLIKE_FOR),
    ),
    "appels": (
        ({"calls_missed_30d": 2}, UNLIKE_AGAINST),
        ({"calls_reached_30d": 2, "call_minutes_30d": 40}, UNLIKE_FOR),
    ),
    "rendez_vous": (
        ({"meetings": 1, "days_since_meeting": 75}, ""),
        ({"meetings": 2, "days_since_meeting": 1}, UNLIKE_FOR),
    ),
    "retour_apres_rendez_vous": (
        ({"views_after_meeting": 1}, ""),
        ({"views_after_meeting": 6}, UNLIKE_FOR),
    ),
    "ressenti_terrain": (
        ({"last_tone": -2, "mean_tone": -2}, UNLIKE_AGAINST),
        ({"last_tone": 2, "mean_tone": 2}, UNLIKE_FOR),
    ),
    "objections": (
        ({"price_objections": 1, "objections_60d": 1}, UNLIKE_AGAINST),
        ({"objections_60d": 0, "objection_share": 0}, UNLIKE_FOR),
    ),
    "avis_humain": (
        ({"judged_priority": "basse"}, UNLIKE_AGAINST),
        ({"judged_priority": "elevee"}, UNLIKE_FOR),
    ),
    "devis": (
        ({"quotes": 1, "days_since_quote": 75}, ""),
        ({"quotes": 1, "days_since_quote": 1}, UNLIKE_FOR),
    ),
    "etape": (
        ({"stage": "perdu", "days_in_stage": 1}, UNLIKE_AGAINST),
        ({"stage": "negociation_finale", "days_in_stage": 1}, UNLIKE_FOR),
    ),
    "silence": (({}, UNLIKE_AGAINST), ({"days_since_lead_acted": 0.1}, UNLIKE_FOR)),
    "rythme": (
        ({"lead_acts_trend_14d": -9, "lead_acts_7d": 0}, UNLIKE_AGAINST),
        ({"lead_acts_trend_14d": 9, "lead_acts_7d": 9}, UNLIKE_FOR),
    ),
    "suivi_humain": (
        ({"automated_share_30d": 1}, ""),
        ({"days_since_person_acted": 1}, ""),
    ),
    "profil": (({"sector": "btp"}, ""), ({"sector": "sante"}, "")),
    "origine": (({"lead_source": "annonce"}, ""), ({"lead_source": "salon"}, "")),
    "offres": (
        ({"offers_cancelled": 1}, UNLIKE_AGAINST),
        ({"offers_sent": 1, "days_since_offer": 1}, ""),
    ),
    "retour_offre": (({}, ""), ({"offers_returned": 1}, UNLIKE_FOR)),
}
# What the bank itself does, and how far it is: neither a good sign nor a bad one.
BANKS_OWN = {
    *("avancement", "traitement_demande", "dossier", "pieces_manquantes"),
    *("evaluation", "relance_offre", "montant"),
}


@pytest.mark.parametrize("name", SHIPPED)
def test_facts_that_do_not_suit_their_heading_say_so(name: str) -> None:
    words = shipped(name)
    own = BANKS_OWN | {"rythme"} if name == "bpic2012" else set()
    for idea in sorted({*told_ideas(words.catalogue)} - own):
        for way, (values, ending) in zip(Direction, WORST_AND_BEST[idea], strict=True):
            reason = replace(make_reason(idea, way=way), values=values)
            text = words.reason(reason, NOON)
            assert text.endswith(ending), text
            assert ending or "sans jouer" not in text, text


@pytest.mark.parametrize(
    ("way", "sign", "unlike"),
    [
        (
            Direction.UP,
            r"négatif|en baisse|annulée|abandon|basse|messagerie",
            UNLIKE_AGAINST,
        ),
        (
            Direction.DOWN,
            r"positif|en hausse|récente|signature|élevée|inférieur",
            UNLIKE_FOR,
        ),
    ],
    ids=["up", "down"],
)
@pytest.mark.parametrize("name", SHIPPED)
def test_a_plain_sign_is_never_told_as_its_opposite(
    name: str, way: Direction, sign: str, unlike: str
) -> None:
    words = shipped(name)
    reasons = (
        one
        for idea in told_ideas(words.catalogue)
        for one in reasons_of(words.catalogue, idea)
        if one.way is way and one.check is Check.DELETION
    )
    texts = {words.reason(one, NOON) for one in reasons}
    assert [t for t in texts if re.search(sign, t) and not t.endswith(unlike)] == []


# --- Codes ------------------------------------------------------------------


@pytest.mark.parametrize(("idea", "signal", "code"), WRITTEN_CODES)
def test_a_code_that_french_knows_has_its_words(
    idea: str, signal: str, code: str
) -> None:
    reason = replace(make_reason(idea), values={signal: code})
    text = wording().reason(reason, NOON)
    assert not re.search("[«“_]", text)


@pytest.mark.parametrize(
    ("signal", "code"),
    [(signal, code) for signal, codes in CODES.items() for code in codes]
    + [("stage", code) for code in ("nouveau", "contacte", "negociation_finale")],
)
def test_a_code_of_the_demo_company_is_one(signal: str, code: str) -> None:
    known = {param.values[2] for param in WRITTEN_CODES if param.values[1] == signal}
    assert code in known


def test_a_code_that_nobody_foresaw_is_still_readable() -> None:
    assert text_of("profil", sector="vins_et_spiritueux") == (
        "profil\xa0: secteur «\xa0vins et spiritueux\xa0»"
    )


# --- What is broken is refused when it is read ------------------------------


def folder_with(tmp_path: Path, old: str, new: str) -> Path:
    found = 0
    for name in ("fr.ftl", "fr.b2b.ftl"):
        text = (LOCALE / name).read_text(encoding="utf-8")
        found += text.count(old)
        (tmp_path / name).write_text(text.replace(old, new), encoding="utf-8")
    assert found, f"{old!r} is nowhere: nothing would be broken"
    return tmp_path


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        pytest.param(
            "idea-anciennete =",
            "idea-autre =",
            "fr.b2b.ftl: idea-anciennete is absent",
            id="no idea",
        ),
        pytest.param(
            "    .absent = aucun document",
            "    .other = aucun document",
            "idea-documents.absent",
            id="no absence",
        ),
        pytest.param(
            "[unknown] dernier e-mail resté",
            "[unknown dernier e-mail resté",
            "fr.b2b.ftl, line",
            id="junk",
        ),
        pytest.param(
            "{ calls-length }",
            "{ calls-lengths }",
            "calls-lengths, which is nowhere",
            id="no message",
        ),
        pytest.param(
            "EURO(", "EUROS(", "EUROS, which is no function", id="no function"
        ),
        pytest.param(
            "$last_quote_amount", "$amounts", "$amounts, no argument", id="no signal"
        ),
        pytest.param(
            "expected-appel =",
            "expected-telephone =",
            "fr.ftl: expected-appel is absent",
            id="no action",
        ),
        pytest.param(
            "expected-appel = Appelez le prospect d’ici au { $deadline }",
            "expected-appel = Appelez { $lead } d’ici au { $deadline }",
            "fr.ftl: expected-appel asks for $lead",
            id="an argument of an action",
        ),
        pytest.param(
            "idea-anciennete = ancienneté",
            "idea-anciennete = { $days }",
            "idea-anciennete asks for $days",
            id="an argument of a name",
        ),
        pytest.param(
            "idea-anciennete =",
            "idea-devis =",
            "idea-devis already stands in fr.b2b.ftl",
            id="twice",
        ),
        pytest.param(
            "SINCE($days_in_stage, before:",
            "SINCE(before:",
            "idea-etape",
            id="no argument of a function",
        ),
        pytest.param(
            "euros = { $amount }\xa0€",
            "euros = { EURO($amount) }",
            "fr.ftl: euros",
            id="a general message that fails",
        ),
        pytest.param(
            "    .short = rien ne le distingue",
            '    .short = {""}',
            "fr.ftl: ordinary.short is empty",
            id="empty",
        ),
        pytest.param(
            "DURATION($reply_latency_hours)",
            'DURATION($reply_latency_hours, unit: "h")',
            "idea-delai_reponse.facts calls DURATION wrongly: got an unexpected",
            id="an argument that a function doesn't take",
        ),
        pytest.param(
            "AT_LEAST($last_quote_amount, 1)",
            'AT_LEAST($last_quote_amount, "1")',
            "gives AT_LEAST '1', which is no least",
            id="a literal of the wrong kind",
        ),
        pytest.param(
            "[no] passage à l’étape",
            "[non] passage à l’étape",
            "idea-etape.facts selects non, which AT_LEAST never answers",
            id="an answer that a function never gives",
        ),
        pytest.param(
            "[gagne] de la signature",
            "[Gagne] de la signature",
            "stage-of selects Gagne, which CODE never answers",
            id="a code that is none",
        ),
        pytest.param(
            "[aucune] {",
            "[aucun] {",
            "idea-objections.facts selects aucun, which LIST never answers",
            id="a word for an empty list that is not its own",
        ),
        pytest.param(
            "[one] devis{",
            "[un] devis{",
            "idea-devis.facts selects un, which $quotes never is",
            id="a plural that the language doesn't have",
        ),
        pytest.param(
            "[down] Score descendu",
            "[lower] Score descendu",
            "change selects lower, which $way never is",
            id="a way that is none",
        ),
        pytest.param(
            "[yes] , le dernier{ quote-amount }",
            "[yes] , le dernier{ EURO($days_since_quote) }",
            "fr.b2b.ftl: quote-last: ",
            id="fails where one is known and another isn't",
        ),
        pytest.param(
            "[no] activité du prospect en baisse sur 14\xa0jours",
            '[no] {""}',
            "idea-rythme.facts is empty",
            id="empty below zero",
        ),
        pytest.param(
            "suivi automatisé à { PERCENT($automated_share_30d) } sur 30\xa0jours",
            '{""}',
            "idea-suivi_humain.facts is empty",
            id="empty of a part",
        ),
        pytest.param(
            "[construction] de la construction",
            '[construction] {""}{ EURO($sector) }',
            "fr.b2b.ftl: sector-of: ",
            id="fails for one code",
        ),
        pytest.param(
            "Ce qui joue en sa faveur\xa0:\n    { $reasons }",
            "Ce qui joue en sa faveur.",
            "fr.ftl: heading-for does not tell $reasons",
            id="no reasons",
        ),
        pytest.param(
            "bullet = –\xa0{ $item }\xa0;",
            "bullet = –\xa0;",
            "fr.ftl: bullet does not tell $item",
            id="no item",
        ),
        pytest.param(
            "expected-relance = Relancez le prospect d’ici au { $deadline }.",
            "expected-relance = Relancez le prospect.",
            "fr.ftl: expected-relance does not tell $deadline",
            id="no deadline",
        ),
        pytest.param(
            "unexplained = aucune raison",
            "unexplained =\n    aucune\n    raison",
            "fr.ftl: unexplained breaks the line",
            id="lines of a doubt",
        ),
        pytest.param(
            "short = Priorité { $priority }\xa0–",
            "short =\n    Priorité { $priority }\n    –",
            "fr.ftl: short breaks the line",
            id="lines of a short form",
        ),
        pytest.param(
            "    .short = rien ne le distingue",
            f"    .short = rien ne le distingue{' du tout' * 13}",
            "fr.ftl: ordinary.short makes 14",
            id="too long a short form",
        ),
    ],
)
def test_broken_wording_is_refused(
    tmp_path: Path, old: str, new: str, told: str
) -> None:
    with pytest.raises(WordingError, match=re.escape(told)):
        read_wording(b2b(), folder=folder_with(tmp_path, old, new))


def required() -> set[str]:
    """Every message and attribute that French has to have for `b2b`."""
    ideas = [f"idea-{idea.name}" for idea in b2b().idea]
    told = [i for i in b2b().idea if i.nature is not Nature.CONTEXT]
    return {
        *GENERAL,
        *ideas,
        *(f"step-{step.name}" for step in b2b().step),
        *(f"expected-{idea.expected}" for idea in b2b().idea),
        *(f"idea-{idea.name}.facts" for idea in told),
        *(f"idea-{idea.name}.absent" for idea in told if idea.awaited),
    }


def test_each_message_that_is_missing_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All are missing at once: those that others refer to are named first."""
    monkeypatch.setattr(wording_checks, "MOST_TRIED", 1)  # of those that are there
    missing = required()
    while missing:
        told = told_without(missing, tmp_path)
        named = {key for key in missing if any(is_of(key, one) for one in told)}
        assert named, f"{missing} are not named"
        missing -= named


def told_without(missing: set[str], folder: Path) -> set[str]:
    """The problems of French without these messages."""
    for file in ("fr.ftl", "fr.b2b.ftl"):
        text = (LOCALE / file).read_text(encoding="utf-8")
        for key in missing:
            text = without(text, key)
        (folder / file).write_text(text, encoding="utf-8")
    with pytest.raises(WordingError) as caught:
        read_wording(b2b(), folder=folder)
    problems = str(caught.value).split("; ")
    return {re.sub(r"^.*: (\S+ refers to )?", "", one) for one in problems}


IN_VAIN = ", which is nowhere"


def is_of(key: str, problem: str) -> bool:
    """It is absent; or another message refers in vain to it, or to a part of it."""
    if problem.endswith(IN_VAIN):
        return f"{problem.removesuffix(IN_VAIN)}.".startswith(f"{key}.")
    return problem == f"{key} is absent"


def without(text: str, key: str) -> str:
    """The messages, one of them or its attribute called otherwise."""
    name, _, attribute = key.partition(".")
    if not attribute:
        return re.sub(rf"(?m)^{name} =", f"autre-{name} =", text)
    entry = re.search(rf"(?m)^{name} =.*(\n+[ }}].*)*", text)
    if entry is None:
        return text
    renamed = entry[0].replace(f"    .{attribute} =", f"    .autre-{attribute} =")
    return text.replace(entry[0], renamed)


def test_a_catalogue_without_its_file_is_told_what_to_write() -> None:
    ours = make_catalogue()
    told = rf"catalogue 'essai' has no .*: write {LOCALE}/fr\.essai\.ftl, or keep the"
    with pytest.raises(WordingError, match=told):
        read_wording(ours)


def test_wording_without_its_general_messages_is_refused(tmp_path: Path) -> None:
    (tmp_path / "fr.b2b.ftl").touch()
    with pytest.raises(WordingError, match=r"fr\.ftl"):
        read_wording(b2b(), folder=tmp_path)


def test_one_attribute_is_told_alone() -> None:
    wording = read_wording(read_catalogue(shipped_catalogue("b2b")))
    now = datetime(2026, 11, 25, tzinfo=UTC)
    assert wording.attribute("sector", "btp", now) == "secteur du bâtiment"
    assert wording.attribute("headcount", 12.0, now) == "12 salariés"
    assert wording.attribute("lead_source", "site_web", now) == "site web"
