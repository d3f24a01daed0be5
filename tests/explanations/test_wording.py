"""Every idea has a French text, whatever its signals."""

import itertools
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest

from explanations.reason import Check, Reason, Way
from explanations.score import Doubt
from explanations.wording import LOCALE, Wording, read_wording
from features.catalogue import (
    Catalogue,
    Nature,
    Signal,
    read_catalogue,
    shipped_catalogue,
)
from features.errors import WordingError
from tests.explanations.grammar import grammar_faults

CATALOGUE = Path("features/catalogue.toml")
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)  # a Tuesday

Value = float | str | None

# The codes of the demo company, and the idea that tells them.
CODES = {
    "stage": (
        "etape",
        ["nouveau", "contacte", "qualifie", "proposition", "negociation_finale"],
    ),
    "sector": (
        "profil",
        ["industrie", "logiciel", "sante", "distribution", "services", "btp"],
    ),
    "lead_source": (
        "origine",
        ["salon", "recommandation", "site_web", "prospection", "partenaire"],
    ),
    "region": (
        "profil",
        [
            "auvergne_rhone_alpes",
            "bourgogne_franche_comte",
            "bretagne",
            "centre_val_de_loire",
            "corse",
            "grand_est",
            "hauts_de_france",
            "ile_de_france",
            "normandie",
            "nouvelle_aquitaine",
            "occitanie",
            "pays_de_la_loire",
            "provence_alpes_cote_d_azur",
        ],
    ),
}

# Told ways of a reason: up and down by deletion, and the absence.
WAYS = [
    (Way.UP, Check.DELETION),
    (Way.DOWN, Check.DELETION),
    (Way.DOWN, Check.INSERTION),
]


@cache
def b2b() -> Catalogue:
    return read_catalogue(CATALOGUE)


@cache
def wording() -> Wording:
    return read_wording(b2b())


@cache
def shipped(name: str) -> Wording:
    """The wording of a shipped catalogue; reads both files."""
    return read_wording(read_catalogue(shipped_catalogue(name)))


def make_reason(
    idea: str,
    *,
    way: Way = Way.UP,
    check: Check = Check.DELETION,
    days: float = 0,
    points: float = 10.0,
    **values: Value,
) -> Reason:
    signed = points if way is Way.UP else -points
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


def text_of(idea: str, **told: Value | Way | Check) -> str:
    return wording().reason(make_reason(idea, **told), NOON)  # type: ignore[arg-type]  # the builder's own keywords


def tried(signal: Signal) -> tuple[Value, ...]:
    if signal.is_category:
        _, codes = CODES.get(signal.name, ("", ()))
        order = signal.last.order if signal.last else ()
        return (None, *codes[:2], *order, "un_code_nouveau")
    if signal.name.endswith("tone"):
        return (None, -2, -1, 0, 0.5, 1, 2)
    return {
        "share": (None, 0, 0.5, 0.996, 1),
        "trend": (-1000, -1, 0, 1, 2, 1000),
        "latency": (None, 0, 0.5, 1, 23.9, 24, 47, 60, 1000),
        "mean": (None, 0, 1, 2.5, 1000),
        "last": (None, 0, 1, 2, 1000, 12500),
        "days_since_last": (None, 0, 0.9, 1, 2, 20, 75, 1000),
    }.get(signal.aggregate, (None, 0, 1, 2, 1000))


def reasons_of(catalogue: Catalogue, idea: str) -> Iterator[Reason]:
    signals = catalogue.signals_of(idea)
    ways = WAYS if catalogue.ideas[idea].awaited else WAYS[:2]
    for values in itertools.product(*(tried(signal) for signal in signals)):
        named = dict(zip((signal.name for signal in signals), values, strict=True))
        for (way, check), days in itertools.product(ways, (0, 1, 18)):
            reason = make_reason(idea, way=way, check=check, days=days)
            yield replace(reason, values=named)


IDEAS = [
    (name, idea.name)
    for name in ("b2b", "bpic2012")
    for idea in shipped(name).catalogue.idea
    if idea.nature is not Nature.CONTEXT
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
    "an unknown value": r"\binconnue?s?\b|\bnan\b|\bNone\b",
    "a count of nothing": r"(?<![\d,.\u202f])0\s?[a-zéè]",
    "a final stop": r"[.;:,]$",
    "a capital at the start": r"^[A-ZÉÀ]",
    "a plain space before a sign": r" [:;%€»]|« |\d (h|min|jours?|mois|ans?)\b",
    "a plural of one": r"(?<![\d,.\u202f])1\s(?!mois)[a-zé]+s\b",
    "a decimal point": r"\d\.\d",
    "jargon": r"shap|log.odds|feature|signal\b",
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(("name", "idea"), IDEAS)
def test_a_text_has_no_fault(name: str, idea: str, fault: str) -> None:
    pattern = re.compile(FAULTS[fault])
    assert [text for text in sorted(texts_of(name, idea)) if pattern.search(text)] == []


@pytest.mark.parametrize(("name", "idea"), IDEAS)
def test_a_text_fits_a_list(name: str, idea: str) -> None:
    assert all(4 < len(text) <= 100 for text in texts_of(name, idea))


@pytest.mark.parametrize("idea", [idea.name for idea in b2b().idea])
def test_an_idea_has_a_name(idea: str) -> None:
    assert wording().idea(idea)


def test_the_grammar_is_right() -> None:
    texts = {text for one in IDEAS for text in texts_of(*one)}
    assert grammar_faults(sorted(texts | texts_of_codes())) == []


def texts_of_codes() -> set[str]:
    return {
        text_of(idea, **{signal: code})
        for signal, (idea, codes) in CODES.items()
        for code in codes
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


def test_an_absence_is_told_since_the_event_that_calls_for_an_answer() -> None:
    absence = {"way": Way.DOWN, "check": Check.INSERTION}
    assert text_of("reponses", days=18, **absence) == (
        "aucune réponse à l’e-mail depuis 18\xa0jours"
    )
    assert text_of("reponses", days=0, **absence) == (
        "aucune réponse à l’e-mail envoyé aujourd’hui"
    )


def test_a_silence_is_told() -> None:
    assert text_of("silence", way=Way.DOWN, days_since_lead_acted=18.2) == (
        "aucun signe du prospect depuis 18\xa0jours"
    )


@pytest.mark.parametrize("way", Way)
def test_facts_do_not_follow_the_way_of_the_model(way: Way) -> None:
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


def test_a_doubt_is_told() -> None:
    assert wording().doubt(Doubt.NO_TRUE_REASON) == (
        "aucune raison vérifiée n’explique ce score"
    )


# --- Codes ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("signal", "code"),
    [(signal, code) for signal, (_, codes) in CODES.items() for code in codes],
)
def test_a_code_of_the_demo_company_has_its_french(signal: str, code: str) -> None:
    text = text_of(CODES[signal][0], **{signal: code})
    assert "«" not in text
    assert "_" not in text


def test_a_code_that_nobody_foresaw_is_still_readable() -> None:
    assert text_of("profil", sector="vins_et_spiritueux") == (
        "profil\xa0: secteur «\xa0vins et spiritueux\xa0»"
    )


# --- What is broken is refused when it is read ------------------------------


def folder_with(tmp_path: Path, old: str, new: str) -> Path:
    for name in ("fr.ftl", "fr.b2b.ftl"):
        text = (LOCALE / name).read_text(encoding="utf-8")
        (tmp_path / name).write_text(text.replace(old, new), encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("idea-origine =", "idea-autre =", "fr.b2b.ftl: idea-origine is absent"),
        (
            "    .absent = aucun document",
            "    .other = aucun document",
            "idea-documents.absent",
        ),
        (
            "[inconnu] dernier e-mail resté",
            "[inconnu dernier e-mail resté",
            "fr.b2b.ftl, line",
        ),
        ("{ calls-length }", "{ calls-lengths }", "calls-lengths, which is nowhere"),
        ("EURO(", "EUROS(", "EUROS, which is no function"),
        ("$last_quote_amount", "$amount", "$amount, no signal"),
        (
            "expected-appel =",
            "expected-telephone =",
            "fr.ftl: expected-appel is absent",
        ),
        ("doubt-signaux_contradictoires =", "doubt-autre =", "doubt-signaux"),
        (
            "idea-anciennete =",
            "idea-devis =",
            "idea-devis already stands in fr.b2b.ftl",
        ),
        ("{ ORDINAL($pricing_views_30d) }", "{ ORDINAL() }", "idea-interet_tarifs"),
    ],
    ids=[
        "no idea",
        "no absence",
        "junk",
        "no message",
        "no function",
        "no signal",
        "no action",
        "no doubt",
        "twice",
        "no argument",
    ],
)
def test_broken_wording_is_refused(
    tmp_path: Path, old: str, new: str, told: str
) -> None:
    with pytest.raises(WordingError, match=re.escape(told)):
        read_wording(b2b(), folder_with(tmp_path, old, new))


def test_a_catalogue_without_its_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WordingError, match=r"fr\.ftl"):
        read_wording(b2b(), tmp_path)
