"""The reports on the first day, when there is nothing to report."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.console.axe import looked_at
from tests.console.conftest import Console

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
