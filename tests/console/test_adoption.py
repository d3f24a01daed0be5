"""Adoption: an opened reason counts once, for its idea; weeks add up; never by rep."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import text

from tests.console.axe import looked_at
from tests.console.conftest import SIZES, SIZES_TRIED, Console
from tests.console.leads import arrive
from tests.console.test_deciding import open_lead, propose

Opens = Callable[..., Page]


def opened(console: Console) -> list[tuple[object, ...]]:
    with console.service.store.reading() as session:
        rows = session.execute(text("SELECT * FROM reason_opening"))
        return [tuple(row) for row in rows]


@pytest.mark.parametrize("size", SIZES_TRIED)
def test_a_reason_opened_is_counted_once_and_told_by_week(
    console: Console, open_page: Opens, size: str
) -> None:
    arrive(console.service, "Morel", visits=2)
    propose(console.service, "Morel")
    rep, manager = open_page(), open_page(**SIZES[size])
    open_lead(console, rep, "Morel", "commercial")
    reason = rep.locator("details.reason").first
    with rep.expect_response(re.compile("/raisons/")) as answer:
        reason.locator("summary").click()
    assert answer.value.status == 204
    reason.locator("summary").click()
    reason.locator("summary").click()
    rep.get_by_role("button", name="Confirmer la proposition").click()

    console.sign_in(manager, "manager")
    manager.get_by_role("link", name="Adoption").click()
    week = manager.get_by_role("row").filter(has_text="23/11")
    expect(week.get_by_role("cell")).to_have_text(["1", "0", "0", "0", "1", "0"])
    looked_at(manager, f"adoption-{size}")
    ((number, monday, idea),) = opened(console)
    assert (number, monday) == (1, "2026-11-23")
    assert isinstance(idea, str)


def test_only_a_reason_that_was_told_counts(console: Console, open_page: Opens) -> None:
    arrive(console.service, "Morel", visits=2)
    page = open_page()
    open_lead(console, page, "Morel", "commercial")
    csrf = page.locator("body").get_attribute("data-csrf") or ""
    there = f"{console.address}/console/opportunites/Morel/raisons"
    for address, given, status in (
        (f"{there}/inventee", csrf, 422),
        (f"{there}/inventee", "x", 403),
        (there.replace("Morel", "Ailleurs") + "/x", csrf, 404),
    ):
        assert page.request.post(address, form={"csrf": given}).status == status
    assert opened(console) == []


def test_it_begins_empty_and_is_no_business_of_a_rep(
    console: Console, open_page: Opens
) -> None:
    page, rep = open_page(), open_page()
    console.sign_in(page, "analyste")
    page.get_by_role("link", name="Adoption").click()
    expect(page.get_by_role("heading", name="Rien à compter")).to_be_visible()
    looked_at(page, "adoption-premier-jour")
    console.sign_in(rep)
    expect(rep.get_by_role("link", name="Adoption")).to_have_count(0)
    rep.goto(f"{console.address}/console/adoption")
    expect(rep.get_by_text("Erreur 403")).to_be_visible()
