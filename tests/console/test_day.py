"""A rep's whole day, at a desk, on a phone, and by the keyboard alone."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from features.event import Actor
from governance.policy.task import TaskStatus
from serving.events.ingestion import ingest
from serving.repositories.leads import find_lead
from serving.repositories.tasks import listed_tasks
from serving.runtime.service import Service
from tests.console.conftest import DESKTOP, PASSWORD, PHONE, Console
from tests.console.hands import Hand, Keyboard, Pointer
from tests.console.leads import arrive, make
from tests.console.test_deciding import propose
from tests.console.test_note import notes

Opens = Callable[..., Page]
WAYS: dict[str, tuple[dict[str, Any], Callable[[Page], Hand]]] = {
    "desktop": (DESKTOP, Pointer),
    "phone": (PHONE, Pointer),
    "keyboard": (DESKTOP, Keyboard),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_whole_day(console: Console, open_page: Opens, way: str) -> None:
    prepare(console.service)
    size, hand_of = WAYS[way]
    page = open_page(**size)
    hand = hand_of(page)
    sign_in(console, page, hand)
    open_a_lead_and_a_reason(page, hand)
    contest(page, hand)
    write_a_note_offline(page, hand)
    assert notes(console.service, "Morel") == []
    come_back_online(page, hand)
    (note,) = notes(console.service, "Morel")
    assert note.data["tone"] == 1
    confirm_a_proposal(page, hand)
    adjust_a_status(page, hand)
    close_a_task(page, hand)
    sign_out(page, hand)
    assert stage_of(console.service, "Morel") == "proposition"
    with console.service.store.reading() as session:
        assert listed_tasks(session, TaskStatus.OPEN, None, 10) == []


def prepare(service: Service) -> None:
    """Two leads of Awa's: one has a proposal, and one was moved by a machine."""
    arrive(service, "Morel", visits=160)
    propose(service, "Morel")
    arrive(service, "Lenoir", visits=3)
    moved = make(
        "moved", "Lenoir", "stage_changed", Actor.AUTOMATION, to="negociation_finale"
    )
    ingest(service, [moved], service.clock())


def stage_of(service: Service, lead_id: str) -> str:
    with service.store.reading() as session:
        lead = find_lead(session, lead_id)
    assert lead is not None
    return lead.stage


def sign_in(console: Console, page: Page, hand: Hand) -> None:
    page.goto(f"{console.address}/console/")
    hand.write(page.get_by_label("Identifiant"), "commercial")
    hand.write(page.get_by_label("Mot de passe"), PASSWORD)
    hand.press(page.get_by_role("button", name="Se connecter"))
    expect(page.locator("#liste .name")).to_have_text(["Morel", "Lenoir"])


def open_a_lead_and_a_reason(page: Page, hand: Hand) -> None:
    if isinstance(hand, Keyboard):
        page.keyboard.press("j")
        page.keyboard.press("Enter")
    else:
        hand.press(page.get_by_role("link", name="Morel"))
    reason = page.locator("details.reason").first
    hand.press(reason.locator("summary"))
    expect(reason.get_by_text("Sans cela, le modèle dirait")).to_be_visible()


def contest(page: Page, hand: Hand) -> None:
    hand.press(page.locator("summary", has_text="Contester la priorité"))
    form = page.locator("form", has=page.get_by_label("La priorité que je donn"))
    hand.choose(form.get_by_label("La priorité que je donn"), "basse")
    hand.choose(form.get_by_label("Pourquoi"), "Autre raison")
    hand.write(form.get_by_label("En quelques mots"), "Le salon est passé.")
    hand.press(form.get_by_role("button"))
    expect(page.get_by_text("élevée → basse").first).to_be_visible()


def write_a_note_offline(page: Page, hand: Hand) -> None:
    hand.press(page.get_by_role("link", name="Écrire une note de terrain"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Note de terrain")
    page.context.set_offline(True)
    hand.tick(page.get_by_role("radio", name="positif", exact=True))
    hand.tick(page.get_by_role("checkbox", name="prix"))
    hand.write(page.get_by_label("En quelques mots"), "Vu au salon.")
    hand.press(page.get_by_role("button", name="Enregistrer la note"))
    expect(page.locator("#gardees")).to_contain_text("positif, prix, Vu au salon.")


def come_back_online(page: Page, hand: Hand) -> None:
    page.context.set_offline(False)
    expect(page.locator("#gardees")).to_be_hidden()
    hand.press(page.get_by_role("link", name="sur la fiche de Morel"))
    expect(page.get_by_text("Vu au salon.")).to_be_visible()


def confirm_a_proposal(page: Page, hand: Hand) -> None:
    hand.press(page.get_by_role("button", name="Confirmer la proposition"))
    expect(page.get_by_text("nouveau → négociation finale").first).to_be_visible()


def adjust_a_status(page: Page, hand: Hand) -> None:
    hand.press(page.locator("summary", has_text="Rectifier le statut"))
    form = page.locator("form", has=page.get_by_label("L’étape véritable"))
    hand.choose(form.get_by_label("L’étape véritable"), "proposition")
    hand.choose(form.get_by_label("Pourquoi"), "Budget")
    hand.press(form.get_by_role("button"))
    expect(page.get_by_text("négociation finale → proposition").first).to_be_visible()


def close_a_task(page: Page, hand: Hand) -> None:
    hand.press(page.get_by_role("link", name="Tâches"))
    hand.press(page.locator("summary", has_text="Clore la tâche"))
    hand.write(page.get_by_label("Ce qui a été fait"), "Vu avec le client.")
    hand.press(page.get_by_role("button", name="Clore la tâche"))
    told = page.get_by_role("status")
    expect(told).to_contain_text("Tâche close. « Vu avec le client. » (ligne")


def sign_out(page: Page, hand: Hand) -> None:
    hand.press(page.get_by_role("button", name="Se déconnecter"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Connexion")
