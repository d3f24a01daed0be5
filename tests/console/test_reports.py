"""Automatisation et humain, in a real browser, on a history of its own."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from data.generate import generate
from serving.runtime.service import Service
from tests.console.axe import looked_at
from tests.console.conftest import SIZES, SIZES_TRIED, Console
from tests.made_once import made_once

Opens = Callable[..., Page]


@pytest.fixture(scope="session")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    def make(folder: Path) -> None:
        generate(folder / "log", leads=1500, seed=12, with_truth=False)

    return made_once(tmp_path_factory, "history", make) / "log"


@pytest.fixture
def service(service: Service, history: Path) -> Service:
    """With what came before it."""
    settings = service.settings.model_copy(update={"history_log": history})
    return replace(service, settings=settings)


@pytest.mark.parametrize("size", SIZES_TRIED)
def test_a_manager_reads_what_automation_changes(
    console: Console, open_page: Opens, size: str
) -> None:
    page = open_page(**SIZES[size])
    console.sign_in(page, "manager")
    page.get_by_role("link", name="Automatisation").click()
    expect(page.get_by_role("heading", name="Le rapport se prépare")).to_be_visible()
    looked_at(page, f"automatisation-se-prepare-{size}")
    console.service.reports.wait()
    page.get_by_role("link", name="Actualiser la page").click()
    expect(page.get_by_text("à profil d’entrée égal")).to_be_visible()
    expect(page.get_by_text("n’avaient pas le même profil")).to_be_visible()
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    looked_at(page, f"automatisation-{size}")


def test_a_rep_has_no_business_there(console: Console, open_page: Opens) -> None:
    page = open_page()
    console.sign_in(page)
    expect(page.get_by_role("link", name="Automatisation")).to_have_count(0)
    page.goto(f"{console.address}/console/automatisation")
    expect(
        page.get_by_role("heading", name="Cette page n’est pas pour vous")
    ).to_be_visible()
