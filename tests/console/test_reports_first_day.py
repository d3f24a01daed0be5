"""The reports on the first day, when there is nothing to report."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.console.axe import looked_at
from tests.console.conftest import PHONE, Console

Opens = Callable[..., Page]


def test_automation_says_that_it_is_too_early(
    console: Console, open_page: Opens
) -> None:
    page = open_page()
    console.sign_in(page, "manager")
    page.get_by_role("link", name="Automatisation").click()
    console.service.reports.wait()
    page.get_by_role("link", name="Actualiser la page").click()
    expect(page.get_by_role("heading", name="Trop tôt pour le dire")).to_be_visible()
    looked_at(page, "automatisation-premier-jour")


def test_a_report_that_failed_says_so_and_is_tried_again(
    console: Console, open_page: Opens, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = open_page(**PHONE)
    console.sign_in(page, "manager")
    address = f"{console.address}/console/automatisation?depuis=2026-01-01"
    with monkeypatch.context() as patch:
        patch.setattr("serving.automation.impact_report.stored_log", _broken)
        page.goto(address)
        console.service.reports.wait()
    page.reload()
    expect(page.get_by_text("Le rapport n’a pas pu être établi")).to_be_visible()
    looked_at(page, "automatisation-echouee-phone")
    page.get_by_role("button", name="Réessayer maintenant").click()
    expect(page.get_by_text("Le rapport n’a pas pu être établi")).to_be_hidden()
    expect(page).to_have_url(address)
    console.service.reports.wait()
    page.reload()
    expect(page.get_by_role("heading", name="Trop tôt pour le dire")).to_be_visible()


def _broken(*_: object) -> None:
    raise MemoryError
