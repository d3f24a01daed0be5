"""The model card: complete, in good French, and signed by who put the model there."""

import re
from datetime import UTC, datetime

import mlflow
import pytest

from tests.explanations.grammar import grammar_faults
from tests.training.builders import make_visit_catalogue
from tests.training.conftest import GOOD, POOR, Shelf
from training.metrics.metrics import METRICS
from training.promotion.promotion import Signed, install, promote
from training.promotion.verdict import Verdict
from training.registry.champion_history import Change, How
from training.registry.model_card import CARD_FILE, NOTE_TAG, promotions
from training.registry.registry import MODEL_NAME, connect, run_of

UNTYPOGRAPHIC = re.compile("(?<!\u00a0)[:;»%]|«(?!\u00a0)|'")  # as a French reader sees
NOW = datetime(2026, 12, 1, 9, tzinfo=UTC)


def card_of(version: str) -> str:
    connect()
    run_id = run_of(version).info.run_id
    return str(mlflow.artifacts.load_text(f"runs:/{run_id}/{CARD_FILE}"))


def shown(version: str) -> list[str]:
    """What MLflow's pages show of it: with its version, and with its run."""
    found = connect().get_model_version(MODEL_NAME, version)
    return [found.description or "", run_of(version).data.tags[NOTE_TAG]]


def change(how: How) -> Change:
    return Change(
        at=NOW,
        how=how,
        version="2",
        previous="1",
        by="Anne Martin",
        reason="plus juste",
        findings={},
    )


@pytest.mark.usefixtures("store")
def test_a_card_says_all_that_a_reader_asks() -> None:
    card = card_of(GOOD)
    assert shown(GOOD) == [card, card]
    titles = re.findall(r"^## (.+)$", card, re.MULTILINE)
    assert titles == [
        "À quoi il sert",
        "Données",
        "Mesures",
        "Par segment",
        "Ce qui pèse le plus",
        "Limites",
        "Mise en service",
    ]
    for metric in METRICS:
        value = run_of(GOOD).data.metrics[metric]
        assert f"| {value:.3f} |".replace(".", ",") in card
    assert f"{len(make_visit_catalogue().names)} signaux" in card
    assert "{" not in card


@pytest.mark.usefixtures("store")
def test_its_french_is_right() -> None:
    text = re.sub("`[^`]+`", "essai", card_of(GOOD))
    lines = [
        re.sub(r"^(#+|-|\d+\.) ", "", line)
        for line in [*text.split("\n"), *map(told, How)]
        if not line.startswith("|---")
    ]
    assert [line for line in lines if UNTYPOGRAPHIC.search(line)] == []
    sentences = [line for line in lines if not line.startswith("|")]
    assert grammar_faults(sentences) == []


def told(how: How) -> str:
    return promotions([change(how)]).removeprefix("- ")


def test_a_promotion_is_told_with_its_day_its_person_and_their_reason() -> None:
    assert told(How.PROMOTED) == (
        "Le 01/12/2026\u00a0: mis en service par Anne Martin\u00a0; "
        "motif\u00a0: «\u00a0plus juste\u00a0»."
    )


def test_a_promotion_is_inscribed_on_the_card(store: Shelf) -> None:
    install(GOOD, "the first", now=NOW)
    verdict = Verdict(champion=GOOD, challenger=POOR, log_sha256="", findings=())
    promote(
        verdict,
        Signed(by="Anne Martin", reason="plus juste"),
        against_the_gate=True,
        now=NOW.replace(day=2),
    )
    for text in shown(POOR):
        assert text.startswith(card_of(POOR))
        assert "par Anne Martin" in text
    for text in shown(GOOD):
        assert "premier modèle en service" in text
        assert "Anne" not in text
