"""Modèle, in a real browser, on a real registry."""

from collections.abc import Callable
from pathlib import Path
from shutil import copy

import pytest
from playwright.sync_api import Page, expect

from tests.console.axe import looked_at
from tests.console.conftest import SIZES, SIZES_TRIED, Console
from tests.console.registry import fill
from tests.made_once import empty_registry
from training.promotion.registry_report import standing

Opens = Callable[..., Page]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("registry")
    uri = f"sqlite:///{copy(empty_registry(tmp_path_factory), folder / 'mlflow.db')}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", uri)
        fill(folder)
    return uri


@pytest.mark.parametrize("size", SIZES_TRIED)
def test_an_analyst_reads_who_serves_and_since_when(
    filled: str,
    console: Console,
    open_page: Opens,
    monkeypatch: pytest.MonkeyPatch,
    size: str,
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", filled)
    page = open_page(**SIZES[size])
    console.sign_in(page, "analyste")
    page.get_by_role("link", name="Modèle").click()
    auc = page.get_by_role("row").filter(has_text="Aire sous la courbe")
    expect(auc.get_by_role("cell")).to_have_text(["0,741 (de 0,704 à 0,778)"] * 2)
    expect(page.get_by_text("Nadia Benali")).to_be_visible()
    expect(page.get_by_text("aucun autre ne servait")).to_be_visible()
    expect(page.get_by_text("the first model")).to_have_count(0)
    expect(page.get_by_role("row").filter(has_text="sector")).to_contain_text("déplacé")
    looked_at(page, f"modele-{size}")


def test_a_server_has_pages_and_its_password_is_not_in_them(
    filled: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", filled)
    found = standing()
    assert found.champion is not None
    assert found.champion.page is None
    assert found.drift is not None
    assert [name for name, *_ in found.drift.signals] == ["sector", "emails_sent_30d"]

    told = "https://awa:secret@mlflow.example:8443/base/"
    monkeypatch.setattr("training.promotion.registry_report.tracking_uri", lambda: told)
    champion = standing().champion
    assert champion is not None
    assert champion.page == (
        "https://mlflow.example:8443/base/#/models/lead-scoring/versions/1"
    )


def test_without_a_model_or_a_registry_the_page_says_so(
    console: Console,
    open_page: Opens,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page, rep = open_page(), open_page()
    console.sign_in(page, "analyste")
    empty = empty_registry(tmp_path_factory)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{empty}")
    assert standing().champion is None
    page.get_by_role("link", name="Modèle").click()
    expect(page.get_by_role("heading", name="Pas encore de modèle")).to_be_visible()
    looked_at(page, "modele-premier-jour")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"file:{tmp_path / 'refused'}")
    page.reload()
    expect(page.get_by_role("heading", name="Le registre")).to_be_visible()
    console.sign_in(rep)
    rep.goto(f"{console.address}/console/modele")
    expect(rep.get_by_text("Erreur 403")).to_be_visible()
