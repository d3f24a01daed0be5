"""Deciding on a lead: what is told before, what happened after, and who was first."""

from collections.abc import Callable
from contextlib import suppress

import pytest
from playwright.sync_api import Page, expect

from governance.principal import Principal, PrincipalKind
from serving.errors import ReservedForPeopleError
from serving.moves import MoveAsked, move_stage
from serving.service import Service
from tests.console.axe import looked_at
from tests.console.conftest import SIZES, Console
from tests.console.leads import arrive

Opens = Callable[..., Page]
CRM = Principal(PrincipalKind.INTEGRATION, "CRM")


def propose(service: Service, lead_id: str) -> None:
    """A machine asks for a move that is a person's."""
    asked = MoveAsked(lead_id=lead_id, to="negociation_finale", reason=None, by=CRM)
    with suppress(ReservedForPeopleError):
        move_stage(service, asked, service.clock())


def open_lead(console: Console, page: Page, lead_id: str, login: str) -> None:
    console.sign_in(page, login)
    page.goto(f"{console.address}/console/opportunites/{lead_id}")


@pytest.mark.parametrize("size", SIZES)
def test_a_person_contests_and_moves(
    console: Console, open_page: Opens, size: str
) -> None:
    arrive(console.service, "Morel", visits=3)
    page = open_page(**SIZES[size])
    open_lead(console, page, "Morel", "commercial")
    for summary in page.locator(".decide summary").all():
        summary.click()
    looked_at(page, f"decider-{size}")

    contest = page.locator("form", has=page.get_by_label("La priorité que je donn"))
    expect(contest).to_contain_text("prend aussitôt la priorité")
    contest.get_by_label("La priorité que je donn").select_option("basse")
    contest.get_by_label("Pourquoi").select_option("autre")
    contest.get_by_label("En quelques mots").fill("Le salon est passé.")
    contest.get_by_role("button").click()
    expect(page.get_by_role("status").first).to_contain_text("normale → basse")
    expect(page.get_by_role("status").first).to_contain_text("du journal")
    looked_at(page, f"decide-{size}")

    page.locator("summary", has_text="Changer d’étape").click()
    page.get_by_label("Nouvelle étape").select_option("negociation_finale")
    page.get_by_role("button", name="Changer d’étape").click()
    expect(page.get_by_text("nouveau → négociation finale").first).to_be_visible()


@pytest.mark.parametrize("size", SIZES)
def test_a_suspension_is_told_with_who_and_why(
    console: Console, open_page: Opens, size: str
) -> None:
    arrive(console.service, "Morel")
    page = open_page(**SIZES[size])
    open_lead(console, page, "Morel", "commercial")
    page.locator("summary", has_text="Suspendre").click()
    page.get_by_label("Jusqu’au").fill("2026-12-01")
    page.locator("#suspendre-raison").select_option("calendrier")
    page.locator("#suspendre-texte").fill("Salon jusqu’à mardi.")
    page.get_by_role("button", name="Suspendre les automatismes").click()
    expect(page.get_by_text("Les automatismes sont suspendus")).to_have_text(
        "Les automatismes sont suspendus sur cette opportunité par Awa Diallo depuis "
        "le 24/11/2026 à 10:00, jusqu’à la fin du 01/12/2026. Raison : Ce n’est pas le "
        "moment pour le client. « Salon jusqu’à mardi. »"
    )
    looked_at(page, f"suspension-{size}")
    page.get_by_role("button", name="Rétablir les automatismes").click()
    expect(page.get_by_text("Automatismes rétablis.")).to_be_visible()


@pytest.mark.parametrize(
    ("size", "percent", "told"),
    [
        ("desktop", "10", "Remise accordée : 10 %. (ligne"),
        ("phone", "12.5", "Remise accordée : 12,5 %. Décision réservée aux personnes."),
    ],
)
def test_a_person_concedes_and_reads_why_it_took_a_person(
    console: Console, open_page: Opens, size: str, percent: str, told: str
) -> None:
    arrive(console.service, "Morel")
    page = open_page(**SIZES[size])
    open_lead(console, page, "Morel", "commercial")
    page.locator("summary", has_text="Accorder une remise").click()
    form = page.locator("form", has=page.get_by_label("La remise"))
    expect(form).to_contain_text("Au-dessus de 10 %, aucun automatisme")
    form.get_by_label("La remise").fill(percent)
    form.get_by_label("Pourquoi").fill("Premier contrat.")
    looked_at(page, f"remise-{size}")
    form.get_by_role("button").click()
    expect(page.get_by_role("status").first).to_contain_text(told)
    expect(page.get_by_text("Remise accordée").last).to_be_visible()
    looked_at(page, f"remise-accordee-{size}")


def test_a_concession_that_cannot_be_is_refused_in_words(
    console: Console, open_page: Opens
) -> None:
    arrive(console.service, "Morel")
    page = open_page()
    open_lead(console, page, "Morel", "commercial")
    page.locator("summary", has_text="Accorder une remise").click()
    page.get_by_label("La remise").evaluate("field => field.type = 'text'")
    page.get_by_label("La remise").fill("beaucoup")
    page.locator("#remise-raison").fill("Premier contrat.")
    page.get_by_role("button", name="Accorder la remise").click()
    expect(page.get_by_text("Champ « La remise » :")).to_be_visible()


def test_what_is_missing_is_told(console: Console, open_page: Opens) -> None:
    arrive(console.service, "Morel")
    page = open_page()
    open_lead(console, page, "Morel", "commercial")
    page.locator("summary", has_text="Confirmer la priorité").click()
    page.get_by_label("Pourquoi").locator("visible=true").select_option("autre")
    page.get_by_role("button", name="Confirmer la priorité").click()
    expect(page.get_by_text("Champ « En quelques mots » : il manque.")).to_be_visible()
    page.get_by_role("link", name="Revenir à la fiche").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Morel")


def test_the_second_of_two_deciders_is_told(console: Console, open_page: Opens) -> None:
    arrive(console.service, "Morel")
    propose(console.service, "Morel")
    rep, manager = open_page(), open_page()
    open_lead(console, rep, "Morel", "commercial")
    open_lead(console, manager, "Morel", "manager")
    expect(rep.get_by_text("Cette étape est réservée aux personnes.")).to_be_visible()
    looked_at(rep, "proposition-desktop")

    manager.get_by_role("button", name="Confirmer la proposition").click()
    expect(manager.get_by_text("nouveau → négociation finale").first).to_be_visible()
    rep.get_by_label("Ou la rejeter").fill("Trop tôt.")
    rep.get_by_role("button", name="Rejeter la proposition").click()
    told = "Cette proposition est déjà confirmée par Une manager."
    expect(rep.get_by_text(told)).to_be_visible()
    looked_at(rep, "409-desktop")


def test_an_analyst_reads_and_decides_nothing(
    console: Console, open_page: Opens
) -> None:
    arrive(console.service, "Morel")
    page = open_page()
    open_lead(console, page, "Morel", "analyste")
    expect(page.get_by_role("heading", name="Décider")).to_have_count(0)
    page.goto(f"{console.address}/console/opportunites/Morel/note")
    expect(page.get_by_text("Erreur 403")).to_be_visible()
