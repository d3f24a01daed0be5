"""A note from the field on a phone, with and without a network: kept, sent once."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import (
    BrowserContext,
    Page,
    Playwright,
    Route,
    expect,
)

from features.event import Event
from serving.events import stored_events
from serving.leads import find_lead
from serving.service import Service
from tests.console.axe import looked_at
from tests.console.conftest import LAUNCH, PHONE, Console
from tests.console.leads import arrive

Opens = Callable[..., Page]
Persistent = Callable[[], BrowserContext]


def notes(service: Service, lead_id: str) -> list[Event]:
    with service.store.reading() as session:
        lead = find_lead(session, lead_id)
        assert lead is not None
        events = stored_events(session, [lead.id])
    return [one for one in events if one.kind == "note_added"]


def open_form(console: Console, page: Page, login: str = "commercial") -> None:
    console.sign_in(page, login)
    page.goto(f"{console.address}/console/opportunites/Morel/note")


def fill(page: Page, text: str) -> None:
    page.get_by_label("très positif").check()
    page.get_by_label("prix").check()
    page.get_by_label("délai").check()
    page.get_by_label("En quelques mots").fill(text)
    page.get_by_role("button", name="Enregistrer la note").click()


def test_a_note_is_three_taps_and_a_text(console: Console, open_page: Opens) -> None:
    arrive(console.service, "Morel")
    page = open_page(**PHONE)
    open_form(console, page)
    looked_at(page, "note-phone")
    fill(page, "Ils attendent le devis.")
    expect(page.get_by_text("Note de terrain ajoutée.")).to_be_visible()
    (note,) = notes(console.service, "Morel")
    assert note.data == {
        "tone": 2,
        "objections": ["prix", "delai"],
        "text": "Ils attendent le devis.",
    }


def test_a_note_goes_without_script_too(console: Console, open_page: Opens) -> None:
    arrive(console.service, "Morel")
    page = open_page(java_script_enabled=False)
    open_form(console, page)
    fill(page, "Sans script.")
    expect(page.get_by_text("Note de terrain ajoutée.")).to_be_visible()
    assert notes(console.service, "Morel")[0].data["tone"] == 2


@pytest.fixture
def persistent(playwright: Playwright, tmp_path: Path) -> Iterator[Persistent]:
    """Opens the same browser, again and again: what a device keeps stays."""
    opened: list[BrowserContext] = []

    def open_again() -> BrowserContext:
        for context in opened:
            context.close()
        opened[:] = [
            playwright.chromium.launch_persistent_context(
                tmp_path / "device", **LAUNCH, **PHONE
            )
        ]
        return opened[0]

    yield open_again
    for context in opened:
        context.close()


def test_a_note_whose_answer_was_lost_is_stored_once(
    console: Console, open_page: Opens
) -> None:
    arrive(console.service, "Morel")
    page = open_page(**PHONE)
    open_form(console, page)
    page.route("**/v1/leads/*/notes", _lose_the_answer)
    fill(page, "Dans l’ascenseur.")
    expect(page.get_by_text("Une note attend le réseau")).to_be_visible()
    assert len(notes(console.service, "Morel")) == 1
    page.unroute("**/v1/leads/*/notes")
    page.reload()
    expect(page.locator("#en-attente")).to_be_hidden()
    assert len(notes(console.service, "Morel")) == 1


def _lose_the_answer(route: Route) -> None:
    route.fetch()
    route.abort()


def test_a_note_taken_offline_waits_for_its_own_account_and_is_stored_once(
    console: Console, persistent: Persistent
) -> None:
    arrive(console.service, "Morel")
    device = persistent()
    page = device.new_page()
    open_form(console, page)
    device.set_offline(True)
    fill(page, "Dans l’ascenseur.")
    expect(page.get_by_text("Une note attend le réseau")).to_be_visible()
    device.clear_cookies()

    page = persistent().new_page()
    console.sign_in(page, "manager")
    page.goto(f"{console.address}/console/opportunites/Morel")
    expect(page.locator("#en-attente")).to_be_hidden()
    assert not notes(console.service, "Morel")
    page.get_by_role("button", name="Se déconnecter").click()

    console.sign_in(page)
    expect(page.locator("#en-attente")).to_be_hidden()
    page.reload()
    page.wait_for_load_state("networkidle")
    (note,) = notes(console.service, "Morel")
    assert note.data["text"] == "Dans l’ascenseur."
