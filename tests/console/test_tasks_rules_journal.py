"""Tâches, Règles and Journal, in a real browser."""

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect

from governance.audit import Action, Break, BreakKind
from governance.pipeline import read_pipeline
from governance.rules import RULES_FILE, read_rules
from serving.console.trail import SENTENCE
from serving.service import Service
from tests.console.axe import looked_at
from tests.console.conftest import SIZES, Console
from tests.console.leads import arrive
from tests.console.test_deciding import propose

Opens = Callable[..., Page]


@pytest.fixture
def service(service: Service) -> Service:
    """With the rules of the house."""
    return replace(service, rules=read_rules(RULES_FILE, read_pipeline()))


@pytest.mark.parametrize("size", SIZES)
def test_a_task_calls_for_a_person_and_the_journal_tells_why(
    console: Console, open_page: Opens, size: str
) -> None:
    arrive(console.service, "Morel")
    propose(console.service, "Morel")
    page = open_page(**SIZES[size])
    console.sign_in(page)
    page.get_by_role("link", name="Tâches").click()
    expect(page.get_by_text("de Awa Diallo")).to_be_visible()
    looked_at(page, f"taches-{size}")
    page.get_by_role("link", name="Décider sur la fiche").click()
    page.get_by_role("button", name="Confirmer la proposition").click()
    page.get_by_role("link", name="Le journal de cette").click()
    expect(page.locator(".tree .tree").first).to_be_visible()
    looked_at(page, f"journal-{size}")

    with page.expect_download() as saved:
        page.get_by_role("link", name="Exporter en CSV").click()
    text = saved.value.path().read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text), delimiter=";"))
    with page.expect_download() as saved:
        page.get_by_role("link", name="Exporter en JSON").click()
    entries = json.loads(saved.value.path().read_text())["entries"]
    assert [row["empreinte"] for row in rows] == [one["hash"] for one in entries]


def test_a_manager_suspends_a_rule_and_a_rep_reads_it(
    console: Console, open_page: Opens
) -> None:
    page, rep = open_page(), open_page()
    console.sign_in(page, "manager")
    page.get_by_role("link", name="Règles").click()
    first = page.locator("article").first
    first.locator("summary").click()
    looked_at(page, "regles-desktop")
    first.get_by_label("Pourquoi").select_option("regle_inadaptee")
    first.get_by_role("button", name="Suspendre la règle").click()
    expect(first.get_by_text("Suspendue par une personne.")).to_be_visible()
    console.sign_in(rep)
    rep.goto(f"{console.address}/console/regles")
    expect(rep.get_by_text("Suspendue par une personne.")).to_have_count(1)
    expect(rep.get_by_role("button", name="Rétablir")).to_have_count(0)
    first.get_by_role("button", name="Rétablir").click()
    expect(page.get_by_text("Suspendue par une personne.")).to_have_count(0)


def test_every_action_has_its_sentence() -> None:
    assert set(SENTENCE) == set(Action)


def test_every_page_says_that_automation_is_stopped(
    console: Console, open_page: Opens
) -> None:
    console.service.trail.broken = Break(BreakKind.ROW_CHANGED, 12)
    page = open_page(**SIZES["phone"])
    console.sign_in(page)
    for name in ("À traiter", "Tâches", "Règles"):
        page.get_by_role("link", name=name).click()
        expect(page.get_by_role("alert")).to_contain_text("rompu à la ligne 12")
    looked_at(page, "automatismes-arretes-phone")
