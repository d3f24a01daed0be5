"""Every page of the console, as it is, empty, or refused: at a desk and on a phone."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi.routing import APIRoute
from playwright.sync_api import Page, expect

from serving import console as console_package
from serving.app.console import ROUTERS
from serving.console import tasks as routes_tasks
from tests.console.axe import looked_at
from tests.console.conftest import SIZES, Console
from tests.console.leads import arrive
from tests.console.test_deciding import propose
from tests.made_once import empty_registry

Opens = Callable[..., Page]
STYLE = Path(console_package.__file__).parent / "static" / "console.css"
ELSEWHERE = {  # downloads, the way to a provider, and what needs rules of the house
    "/opportunites/{lead_id}/journal.csv",
    "/opportunites/{lead_id}/journal.json",
    "/opportunites/{lead_id}/donnees.json",
    "/connexion/entreprise",
    "/connexion/entreprise/retour",
    "/regles/{rule_id}/simulation",  # looked at in test_tasks_rules_journal.py
}


def addresses() -> Iterator[str]:
    """Where the console has pages, present and future."""
    for router in ROUTERS:
        for route in router.routes:
            assert isinstance(route, APIRoute)
            if "GET" in (route.methods or ()) and route.path not in ELSEWHERE:
                yield route.path


@pytest.fixture(scope="module", autouse=True)
def _registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """An empty one; making its store takes longer than a page may."""
    with pytest.MonkeyPatch.context() as patch:
        store = empty_registry(tmp_path_factory)
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{store}")
        yield


@pytest.mark.parametrize("size", SIZES)
def test_each_page_is_for_everybody(
    console: Console, open_page: Opens, size: str
) -> None:
    arrive(console.service, "Morel", visits=3)
    propose(console.service, "Morel")
    page = open_page(**SIZES[size])
    console.sign_in(page, "admin")
    for address in sorted(set(addresses())):
        there = f"{console.address}/console{address}".format(lead_id="Morel")
        answer = page.goto(there)
        assert answer is not None
        assert answer.status == 200, address
        page.evaluate(
            "document.querySelectorAll('details').forEach(d => d.open = true)"
        )
        name = address.format(lead_id="id").strip("/").replace("/", "-") or "accueil"
        looked_at(page, f"page-{name}-{size}")


def test_the_dark_theme_changes_colours_alone() -> None:
    """So that in dark, rules on colours are all that there is to run again."""
    style = STYLE.read_text(encoding="utf-8")
    (dark,) = re.findall(r"prefers-color-scheme: dark\) {\n(.*?)\n}", style, re.DOTALL)
    assert re.fullmatch(r"  :root {\n(    --[\w-]+: #\w+;\n)+  }", dark)
    assert style.count("prefers-color-scheme") == 1


@pytest.mark.parametrize("size", SIZES)
def test_what_is_refused_or_went_wrong_is_told_with_care(
    console: Console, open_page: Opens, size: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrive(console.service, "Morel")
    page = open_page(**SIZES[size])
    console.sign_in(page)
    monkeypatch.setattr(routes_tasks, "listed_tasks", _broken)
    for path, status in {
        "nulle-part": 404,
        "opportunites/Ailleurs": 404,
        "modele": 403,
        "?page=0": 422,
        "taches": 500,
    }.items():
        answer = page.goto(f"{console.address}/console/{path}")
        assert answer is not None
        assert answer.status == status
        looked_at(page, f"refus-{status}-{size}")
    page.get_by_role("link", name="Revenir").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("À traiter 1")


def _broken(*_: object) -> None:
    raise RuntimeError


@pytest.mark.parametrize("size", SIZES)
def test_a_first_day_is_told_with_care(
    console: Console, open_page: Opens, size: str
) -> None:
    page = open_page(**SIZES[size])
    console.sign_in(page, "admin")
    for name in ("À traiter", "Tâches", "Règles", "Automatisation", "Adoption"):
        page.get_by_role("link", name=name).click()
        expect(page.locator(".empty")).to_be_visible()
        looked_at(page, f"premier-jour-{name.lower().replace('à ', 'a-')}-{size}")
