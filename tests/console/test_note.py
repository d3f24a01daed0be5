"""A note from the field on a phone, with and without a network: kept, sent once."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import (
    BrowserContext,
    Error,
    Page,
    Playwright,
    Route,
    expect,
)

from features.event import Event
from serving.repositories.events import stored_events
from serving.repositories.leads import find_lead
from serving.runtime.service import Service
from tests.console.axe import looked_at
from tests.console.conftest import LAUNCH, PASSWORD, PATIENCE, PHONE, Console
from tests.console.leads import arrive
from tests.serving.builders import NOW

Opens = Callable[..., Page]
Persistent = Callable[..., Page]
WAITING = "Notes gardées sur cet appareil, en attente d’envoi\u00a0: "
REFUSED = "Notes refusées, à revoir sur cet appareil\u00a0: "
IS_CACHED = "caches.match('/console/note').then(Boolean)"
KEPT_TEXTS = """async () => {
  const texts = [];
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const one of await cache.matchAll()) texts.push(await one.text());
  }
  return texts;
}"""


def notes(service: Service, lead_id: str) -> list[Event]:
    with service.store.reading() as session:
        lead = find_lead(session, lead_id)
        assert lead is not None
        events = stored_events(session, [lead.id])
    return [one for one in events if one.kind == "note_added"]


def open_form(console: Console, page: Page) -> None:
    """The form of a note on a lead that has just arrived."""
    arrive(console.service, "Morel")
    console.sign_in(page)
    page.goto(f"{console.address}/console/opportunites/Morel/note")


def fill(page: Page, text: str) -> None:
    page.get_by_label("très positif").check()
    page.get_by_label("prix").check()
    page.get_by_label("délai").check()
    page.get_by_label("En quelques mots").fill(text)
    page.get_by_role("button", name="Enregistrer la note").click()


def test_a_note_is_three_taps_and_a_text(console: Console, open_page: Opens) -> None:
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
    page = open_page(java_script_enabled=False)
    open_form(console, page)
    fill(page, "Sans script.")
    expect(page.get_by_text("Note de terrain ajoutée.")).to_be_visible()
    assert notes(console.service, "Morel")[0].data["tone"] == 2


@pytest.fixture
def persistent(playwright: Playwright, tmp_path: Path) -> Iterator[Persistent]:
    """Opens the same browser, again and again: what a device keeps stays."""
    opened: list[BrowserContext] = []

    def open_again(*, offline: bool = False) -> Page:
        for context in opened:
            context.close()
        opened[:] = [
            playwright.chromium.launch_persistent_context(
                tmp_path / "device",
                locale="fr-FR",
                reduced_motion="reduce",
                offline=offline,
                **LAUNCH,
                **PHONE,
            )
        ]
        return opened[0].new_page()

    yield open_again
    for context in opened:
        context.close()


def is_kept(page: Page) -> None:
    """Wait until the form is on the device, and opens from there."""
    comes_true(page, IS_CACHED)
    page.evaluate("navigator.serviceWorker.ready.then(() => null)")


def comes_true(page: Page, promise: str) -> None:
    """Wait for it; `wait_for_function` takes any promise for true."""
    until = time.monotonic() + PATIENCE / 1_000
    while not page.evaluate(promise):
        assert time.monotonic() < until, promise
        time.sleep(0.05)


def test_a_note_whose_answer_was_lost_is_stored_once(
    console: Console, open_page: Opens
) -> None:
    page = open_page(**PHONE)
    open_form(console, page)
    page.route("**/v1/leads/*/notes", _lose_the_answer)
    fill(page, "Dans l’ascenseur.")
    expect(page.locator("#en-attente")).to_have_text(f"{WAITING}1")
    assert len(notes(console.service, "Morel")) == 1
    page.unroute("**/v1/leads/*/notes")
    page.reload()
    expect(page.locator("#en-attente")).to_be_hidden()
    assert len(notes(console.service, "Morel")) == 1


def _lose_the_answer(route: Route) -> None:
    route.fetch()
    route.abort()


def test_a_note_taken_offline_after_the_browser_was_closed_is_stored_once(
    console: Console, persistent: Persistent
) -> None:
    page = persistent()
    open_form(console, page)
    is_kept(page)

    page = persistent(offline=True)
    page.goto(f"{console.address}/console/opportunites/Morel/note")
    expect(page.get_by_label("L’opportunité")).to_have_value("Morel")
    two_hours_ago = NOW - timedelta(hours=2)
    page.clock.set_fixed_time(two_hours_ago)
    fill(page, "Dans l’ascenseur.")
    expect(page.locator("#en-attente")).to_have_text(f"{WAITING}1")
    looked_at(page, "note-sans-reseau-phone")

    page = persistent(offline=True)
    page.goto(f"{console.address}/console/")
    expect(page.locator("#gardees")).to_contain_text("très positif, prix, délai, Dans")
    assert not notes(console.service, "Morel")
    page.context.set_offline(False)
    expect(page.locator("#gardees")).to_be_hidden()
    page.goto(f"{console.address}/console/opportunites/Morel")
    expect(page.locator("#en-attente")).to_be_hidden()
    (note,) = notes(console.service, "Morel")
    assert note.data["text"] == "Dans l’ascenseur."
    assert (note.occurred_at, note.received_at) == (two_hours_ago, NOW)


def test_a_form_that_could_not_be_kept_is_kept_once_it_can(
    console: Console, persistent: Persistent
) -> None:
    page = persistent()
    page.clock.install()
    form = "**/console/note"
    page.context.route(form, lambda route: route.abort())  # as without a network
    open_form(console, page)
    page.wait_for_load_state("networkidle")
    assert not page.evaluate(IS_CACHED)
    page.context.unroute(form)
    page.clock.run_for(60_000)
    is_kept(page)


def test_what_the_device_keeps_names_no_lead_and_goes_at_signing_out(
    console: Console, persistent: Persistent
) -> None:
    page = persistent()
    open_form(console, page)
    is_kept(page)
    texts = page.evaluate(KEPT_TEXTS)
    assert len(texts) > 5
    assert not [text for text in texts if "Morel" in text]

    page.get_by_role("button", name="Se déconnecter").click()
    comes_true(page, "caches.keys().then(names => names.length === 0)")
    page.context.set_offline(True)
    with pytest.raises(Error, match="ERR_FAILED"):
        page.goto(f"{console.address}/console/opportunites/Morel/note")


def test_a_note_taken_offline_waits_for_its_own_account_and_is_stored_once(
    console: Console, persistent: Persistent
) -> None:
    page = persistent()
    open_form(console, page)
    page.context.set_offline(True)
    fill(page, "Dans l’ascenseur.")
    expect(page.locator("#en-attente")).to_be_visible()
    page.context.clear_cookies()

    page = persistent()
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


def test_a_note_without_a_session_asks_to_sign_in_and_then_goes(
    console: Console, open_page: Opens
) -> None:
    page = open_page(**PHONE)
    open_form(console, page)
    page.context.clear_cookies()
    fill(page, "Dans l’ascenseur.")
    expect(page.locator("#en-attente")).to_have_text(f"{WAITING}1")
    looked_at(page, "note-session-finie-phone")
    page.get_by_role("link", name="reconnectez-vous").click()
    page.get_by_label("Identifiant").fill("commercial")
    page.get_by_label("Mot de passe").fill(PASSWORD)
    page.get_by_role("button", name="Se connecter").click()
    page.wait_for_url("**/console/note")
    expect(page.locator("#en-attente")).to_be_hidden()
    expect(page.locator("#session-finie")).to_be_hidden()
    assert len(notes(console.service, "Morel")) == 1


def test_a_lead_is_named_as_its_page_names_it(
    console: Console, open_page: Opens
) -> None:
    arrive(console.service, "Morel")
    page = open_page(**PHONE)
    console.sign_in(page)
    page.goto(f"{console.address}/console/note")
    page.get_by_label("L’opportunité").fill("morel")
    fill(page, "Dans l’ascenseur.")
    refused = page.locator("#gardees li")
    expect(refused.get_by_text("majuscules et accents compris")).to_be_visible()
    refused.get_by_role("link", name="Corriger la note").click()
    page.get_by_label("L’opportunité").fill("Morel")
    page.get_by_role("button", name="Enregistrer la note").click()
    expect(page.get_by_text("Note de terrain ajoutée.")).to_be_visible()
    expect(page.locator("#refusees")).to_be_hidden()


TOLD = "Note enregistrée sur la fiche de "


def test_a_note_that_goes_later_says_so_where_the_reader_is(
    console: Console, open_page: Opens
) -> None:
    arrive(console.service, "Cabinet Roy")
    page = open_page(**PHONE)
    open_form(console, page)
    page.context.set_offline(True)
    fill(page, "Dans l’ascenseur.")
    expect(page.locator("#en-attente")).to_have_text(f"{WAITING}1")
    page.context.set_offline(False)
    told = page.locator("#enregistrees")
    expect(told).to_have_text(f"{TOLD}Morel")
    looked_at(page, "note-partie-phone")
    told.get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Morel")
    expect(page.locator("#enregistrees")).to_be_hidden()


def test_notes_that_go_with_another_are_told_on_the_page_that_it_opens(
    console: Console, open_page: Opens
) -> None:
    arrive(console.service, "Cabinet/Roy")
    page = open_page(**PHONE)
    open_form(console, page)
    page.route("**/v1/leads/*/notes", lambda route: route.abort())
    fill(page, "Dans l’ascenseur.")
    expect(page.locator("#en-attente")).to_have_text(f"{WAITING}1")
    page.unroute("**/v1/leads/*/notes")
    page.evaluate("document.querySelector('#note').dataset.lead = 'Cabinet/Roy'")
    fill(page, "Puis au parking.")
    expect(page.get_by_role("heading", level=1)).to_have_text("Cabinet/Roy")
    expect(page.locator("#enregistrees")).to_have_text(f"{TOLD}Morel")
    page.reload()
    expect(page.locator("#enregistrees")).to_be_hidden()


FILL_DEVICE = """() => {
  for (let size = 2 ** 22; size >= 1; size /= 2) {
    try {
      for (let n = 0; ; n++) localStorage.setItem(`full${size}-${n}`, 'x'.repeat(size));
    } catch { /* that much doesn't fit any more */ }
  }
}"""


def test_a_full_device_sends_the_note_at_once(
    console: Console, open_page: Opens
) -> None:
    page = open_page(**PHONE)
    open_form(console, page)
    page.evaluate(FILL_DEVICE)
    fill(page, "Dans l’ascenseur.")
    expect(page.get_by_text("Note de terrain ajoutée.")).to_be_visible()
    (note,) = notes(console.service, "Morel")
    assert note.data["text"] == "Dans l’ascenseur."


def test_a_full_device_without_a_network_says_so_and_keeps_the_words_in_the_form(
    console: Console, open_page: Opens
) -> None:
    page = open_page(**PHONE)
    open_form(console, page)
    page.evaluate(FILL_DEVICE)
    page.route("**/v1/leads/*/notes", _lose_the_answer)
    fill(page, "Dans l’ascenseur.")
    expect(page.get_by_role("alert")).to_contain_text("rien n’est enregistré")
    expect(page.get_by_label("En quelques mots")).to_have_value("Dans l’ascenseur.")
    looked_at(page, "note-appareil-plein-phone")
    page.unroute("**/v1/leads/*/notes")
    page.get_by_role("button", name="Enregistrer la note").click()
    expect(page.get_by_text("Note de terrain ajoutée.")).to_be_visible()
    assert len(notes(console.service, "Morel")) == 1


def test_a_full_device_tells_why_a_note_is_refused(
    console: Console, open_page: Opens
) -> None:
    page = open_page(**PHONE)
    open_form(console, page)
    page.evaluate(FILL_DEVICE)
    fill(page, "un\0deux")
    expect(page.get_by_role("alert")).to_contain_text("refusée")
    fill(page, "Deux mots.")
    expect(page.get_by_text("Note de terrain ajoutée.")).to_be_visible()


def test_the_page_of_notes_says_what_it_needs_without_script(
    console: Console, open_page: Opens
) -> None:
    page = open_page(java_script_enabled=False)
    console.sign_in(page)
    page.goto(f"{console.address}/console/note")
    told = page.locator("noscript p")
    expect(told).to_be_visible()
    expect(told).to_contain_text("demande pour cela JavaScript")


def test_two_taps_without_a_network_keep_one_note_and_blame_nobody(
    console: Console, open_page: Opens
) -> None:
    page = open_page(**PHONE)
    console.sign_in(page)
    page.goto(f"{console.address}/console/note")
    page.context.set_offline(True)
    page.get_by_label("L’opportunité").fill("Morel")
    page.get_by_label("prix").check()
    save = page.get_by_role("button", name="Enregistrer la note")
    save.dblclick()
    expect(page.locator("#en-attente")).to_have_text(f"{WAITING}1")
    save.click()
    expect(page.locator("#gardees li")).to_have_count(1)
    expect(page.locator("#vide")).to_be_hidden()
    page.get_by_label("prix").check()
    page.get_by_label("prix").uncheck()
    page.get_by_label("L’opportunité").fill("Roy")
    save.click()  # an empty note is one again, once somebody has begun another
    expect(page.locator("#vide")).to_be_visible()


def test_every_page_of_a_device_counts_what_still_waits(
    console: Console, open_page: Opens
) -> None:
    page = open_page(**PHONE)
    open_form(console, page)
    page.route("**/v1/leads/*/notes", lambda route: route.abort())
    other = page.context.new_page()
    other.goto(f"{console.address}/console/")
    other.route("**/v1/leads/*/notes", lambda route: route.abort())
    fill(page, "Dans l’ascenseur.")
    expect(other.locator("#en-attente")).to_have_text(f"{WAITING}1")
    page.unroute("**/v1/leads/*/notes")
    page.reload()
    expect(page.locator("#en-attente")).to_be_hidden()
    expect(other.locator("#en-attente")).to_be_hidden()
    assert len(notes(console.service, "Morel")) == 1


def test_a_note_that_failed_is_tried_again_by_itself(
    console: Console, open_page: Opens
) -> None:
    page = open_page(**PHONE)
    page.clock.install()
    open_form(console, page)
    page.route("**/v1/leads/*/notes", lambda route: route.abort())
    fill(page, "Dans l’ascenseur.")
    expect(page.locator("#en-attente")).to_have_text(f"{WAITING}1")
    page.unroute("**/v1/leads/*/notes")
    page.clock.run_for(5_000)
    expect(page.locator("#en-attente")).to_be_hidden()
    assert len(notes(console.service, "Morel")) == 1


def test_who_only_reads_is_told_so(console: Console, open_page: Opens) -> None:
    page = open_page(**PHONE)
    console.sign_in(page, "analyste")
    page.goto(f"{console.address}/console/note")
    expect(page.get_by_role("heading", level=2)).to_contain_text("Votre compte lit")
    expect(page.get_by_role("button", name="Enregistrer")).to_have_count(0)
    looked_at(page, "note-analyste-phone")
    page.get_by_role("link", name="Revenir à l’accueil").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("À traiter")


def test_a_page_of_one_account_sends_nothing_in_anothers_session(
    console: Console, open_page: Opens
) -> None:
    page = open_page(**PHONE)
    open_form(console, page)
    other = page.context.new_page()
    other.context.clear_cookies()
    console.sign_in(other, "manager")
    fill(page, "Dans l’ascenseur.")
    expect(page.locator("#gardees")).to_contain_text("Elle partira dès que")
    assert not notes(console.service, "Morel")


def test_a_refused_note_says_why_and_is_put_right(
    console: Console, open_page: Opens
) -> None:
    page = open_page(**PHONE)
    open_form(console, page)
    page.get_by_label("En quelques mots").fill("un\0deux")
    page.get_by_role("button", name="Enregistrer la note").click()
    refused = page.locator("#gardees li")
    expect(refused).to_contain_text("Refusée\u00a0: ")
    expect(page.locator("#refusees")).to_have_text(f"{REFUSED}1")
    looked_at(page, "note-refusee-phone")

    page.goto(f"{console.address}/console/")
    page.get_by_role("link", name=REFUSED).click()
    refused.get_by_role("link", name="Corriger la note").click()
    expect(page.get_by_label("L’opportunité")).to_have_value("Morel")
    expect(page.get_by_label("En quelques mots")).to_be_focused()
    fill(page, "Deux mots.")
    expect(page.get_by_text("Note de terrain ajoutée.")).to_be_visible()
    expect(page.locator("#refusees")).to_be_hidden()
    (note,) = notes(console.service, "Morel")
    assert note.data["text"] == "Deux mots."


def test_a_refused_note_is_thrown_away_by_who_wrote_it(
    console: Console, open_page: Opens
) -> None:
    page = open_page(**PHONE)
    console.sign_in(page)
    page.goto(f"{console.address}/console/note")
    page.get_by_label("L’opportunité").fill("Ailleurs")
    fill(page, "Perdue.")
    refused = page.locator("#gardees li")
    expect(refused).to_contain_text("Cette opportunité est inconnue.")
    page.reload()
    refused.get_by_text("Supprimer la note").click()
    refused.get_by_role("button", name="Supprimer définitivement").click()
    expect(page.locator("#gardees")).to_be_hidden()
    page.reload()
    expect(page.locator("#refusees")).to_be_hidden()


@pytest.mark.parametrize(
    ("status", "media_type"),
    [
        pytest.param(403, "text/html", id="a-proxy-says-no"),
        pytest.param(200, "text/html", id="a-proxy-says-yes"),
        pytest.param(503, "application/problem+json", id="the-service-is-busy"),
    ],
)
def test_only_the_services_own_word_settles_a_note(
    console: Console, open_page: Opens, status: int, media_type: str
) -> None:
    page = open_page(**PHONE)
    open_form(console, page)
    page.route(
        "**/v1/leads/*/notes",
        lambda route: route.fulfill(status=status, content_type=media_type, body="{}"),
    )
    fill(page, "Dans l’ascenseur.")
    expect(page.locator("#en-attente")).to_have_text(f"{WAITING}1")
    page.unroute("**/v1/leads/*/notes")
    page.reload()
    expect(page.locator("#en-attente")).to_be_hidden()
    assert len(notes(console.service, "Morel")) == 1


def test_an_empty_note_is_not_kept(console: Console, open_page: Opens) -> None:
    page = open_page(**PHONE)
    open_form(console, page)
    page.get_by_role("button", name="Enregistrer la note").click()
    expect(page.get_by_role("alert")).to_have_text(
        "Il manque un ton, une objection ou quelques mots."
    )
    expect(page.locator("#gardees")).to_be_hidden()
