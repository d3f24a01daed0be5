"""Fiche, in a real browser."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from serving.scoring import score_stored
from tests.console.axe import looked_at
from tests.console.conftest import SIZES, Console
from tests.console.leads import arrive
from tests.serving.fakes import SetClock

Opens = Callable[..., Page]


@pytest.mark.parametrize("size", SIZES)
def test_reasons_add_up_and_open_on_their_evidence(
    console: Console, open_page: Opens, size: str
) -> None:
    arrive(console.service, "Ateliers Morel", visits=60)
    assert isinstance(console.service.clock, SetClock)
    console.service.clock.advance(timedelta(days=1))
    score_stored(console.service, "Ateliers Morel", console.service.clock())
    page = open_page(**SIZES[size])
    console.sign_in(page)
    page.get_by_role("link", name="Ateliers Morel").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Ateliers Morel")

    told = page.locator("#raisons ~ .step strong, .reason strong").all_inner_texts()
    *parts, score = [int(re.sub("−", "-", one)) for one in told]
    assert sum(parts) == score == 26

    reason = page.locator("details.reason").first
    expect(reason.get_by_text("le modèle dirait 9")).to_be_hidden()
    reason.locator("summary").press("Enter")
    expect(reason.get_by_text("Sans cela, le modèle dirait 9.")).to_be_visible()
    expect(reason.get_by_text("source crm").first).to_be_visible()
    page.get_by_text("Le tableau des scores").click()
    expect(page.locator("table tbody tr")).to_have_count(2)
    expect(page.locator(".chart circle")).to_have_count(2)
    looked_at(page, f"fiche-{size}")

    expect(page.locator(".timeline li")).to_have_count(50)
    page.get_by_role("link", name="Faits plus anciens").click()
    expect(page.locator(".timeline li")).to_have_count(11)


def test_a_lead_out_of_sight_is_nowhere(console: Console, open_page: Opens) -> None:
    arrive(console.service, "Cabinet Roy", owner="Zoé Blanc")
    page = open_page()
    console.sign_in(page)
    for lead in ("Cabinet Roy", "Inconnue"):
        page.goto(f"{console.address}/console/opportunites/{lead}")
        expect(page.get_by_text("Cette opportunité est inconnue.")).to_be_visible()
