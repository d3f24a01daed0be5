"""Deciding on a lead: what is told before, what happened after, and who was first."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import pytest
from playwright.sync_api import Page, Route, expect

from governance.people.principal import Principal, PrincipalKind
from serving.decisions import concession as conceding
from serving.decisions.concession import ConcessionRequest
from serving.decisions.stage_move import MoveRequest, move_stage
from serving.errors import ReservedForPeopleError
from serving.events.ingestion import ingest
from serving.runtime.service import Service
from tests.console.axe import looked_at
from tests.console.conftest import SIZES, SIZES_TRIED, Console
from tests.console.leads import arrive, make

Opens = Callable[..., Page]
CRM = Principal(PrincipalKind.INTEGRATION, "CRM")


def propose(service: Service, lead_id: str) -> None:
    """A machine asks for a move that is a person's."""
    asked = MoveRequest(lead_id=lead_id, to="negociation_finale", reason=None, by=CRM)
    with suppress(ReservedForPeopleError):
        move_stage(service, asked, service.clock())


def open_lead(console: Console, page: Page, lead_id: str, login: str) -> None:
    console.sign_in(page, login)
    page.goto(f"{console.address}/console/opportunites/{lead_id}")


@pytest.mark.parametrize("size", SIZES_TRIED)
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


@pytest.mark.parametrize("size", SIZES_TRIED)
def test_a_priority_that_a_person_gave_is_told_as_theirs(
    console: Console, open_page: Opens, size: str
) -> None:
    arrive(console.service, "Morel", visits=3)
    page = open_page(**SIZES[size])
    open_lead(console, page, "Morel", "commercial")
    contest(page, "basse", "Le salon est passé.")
    told = page.locator(".note", has_text="donnée par")
    expect(told).to_have_text(
        "Priorité basse donnée par Awa Diallo le 24/11/2026 à 10:00. Raison : Je sais "
        "ce que le système ignore. « Le salon est passé. » Elle tient jusqu’à un fait "
        "nouveau."
    )
    looked_at(page, f"priorite-donnee-{size}")

    console.service.clock.advance(timedelta(hours=1))  # type: ignore[attr-defined]  # a SetClock
    reply = make("reply", "Morel", "email_replied", hours=-1)
    ingest(console.service, [reply], console.service.clock())
    page.reload()
    expect(told).to_contain_text("Un fait nouveau est arrivé depuis")
    page.locator("summary", has_text="Confirmer la priorité basse").click()
    page.locator("#confirmer-raison").select_option(index=1)
    page.get_by_role("button", name="Confirmer la priorité").click()
    told = page.locator(".note", has_text="Priorité basse confirmée par Awa Diallo")
    expect(told).to_contain_text("Elle tient jusqu’à un fait nouveau.")


@pytest.mark.parametrize("size", SIZES_TRIED)
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


def test_a_stale_page_suspends_no_second_time(
    console: Console, open_page: Opens
) -> None:
    arrive(console.service, "Morel")
    pages = {login: open_page() for login in ("manager", "commercial")}
    for login, page in pages.items():
        open_lead(console, page, "Morel", login)
        page.locator("summary", has_text="Suspendre").click()
        page.locator("#suspendre-raison").select_option("calendrier")
    for page in pages.values():
        page.get_by_role("button", name="Suspendre les automatismes").click()
    late = pages["commercial"]
    expect(late.get_by_text("C’est déjà suspendu par Une manager")).to_be_visible()
    late.get_by_role("link", name="Revenir à la fiche").click()
    expect(late.get_by_role("button", name="Rétablir")).to_be_visible()


@pytest.mark.parametrize(
    ("size", "login", "percent", "told"),
    [
        (
            "desktop",
            "commercial",
            "10",
            "Remise accordée : 10 %. « Premier contrat. » (ligne",
        ),
        (
            "phone",
            "manager",
            "12.5",
            "Remise accordée : 12,5 %. Décision réservée aux personnes.",
        ),
    ],
)
def test_a_person_concedes_and_reads_why_it_took_a_person(
    console: Console,
    open_page: Opens,
    size: str,
    login: str,
    percent: str,
    told: str,
) -> None:
    arrive(console.service, "Morel")
    page = open_page(**SIZES[size])
    open_lead(console, page, "Morel", login)
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


def concede(page: Page, percent: str) -> None:
    page.locator("summary", has_text="Accorder une remise").click()
    page.get_by_label("La remise, en").fill(percent)
    page.locator("#remise-raison").fill("Premier contrat.")
    page.get_by_role("button", name="Accorder la remise").click()


@pytest.mark.parametrize("size", SIZES_TRIED)
def test_a_page_left_open_concedes_nothing_on_top_of_what_was_granted_since(
    console: Console, open_page: Opens, size: str
) -> None:
    arrive(console.service, "Morel")
    grant = ConcessionRequest(lead_id="Morel", percent=3, reason=None, by=CRM)
    conceding.concede(console.service, grant, console.service.clock())
    page, elsewhere = open_page(**SIZES[size]), open_page()
    open_lead(console, page, "Morel", "commercial")
    open_lead(console, elsewhere, "Morel", "manager")
    page.locator("summary", has_text="Accorder une remise").click()
    told = "Déjà accordé sur cette opportunité : 3 % du prix en tout, par des autom"
    expect(page.locator(".decide")).to_contain_text(told)
    page.locator("summary", has_text="Accorder une remise").click()
    concede(elsewhere, "9.5")
    expect(elsewhere.locator(".head")).to_contain_text("remises accordées : 12,5 %")

    concede(page, "10")
    told = "Une autre remise a été accordée entre-temps ; le total est de 12,5 %."
    expect(page.get_by_text(told)).to_be_visible()
    looked_at(page, f"remise-perimee-{size}")
    page.get_by_role("link", name="Revenir à la fiche").click()
    page.locator("summary", has_text="Accorder une remise").click()
    expect(page.locator(".decide")).to_contain_text(
        "12,5 % du prix en tout, dont 3 % par des automatismes. "
    )
    looked_at(page, f"remise-deja-{size}")


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


def contest(page: Page, priority: str, text: str) -> None:
    form = page.locator("form", has=page.get_by_label("La priorité que je donn"))
    if not form.is_visible():
        page.locator("summary", has_text="Contester").click()
    form.get_by_label("La priorité que je donn").select_option(priority)
    form.get_by_label("Pourquoi").select_option("information_absente")
    form.get_by_label("En quelques mots").fill(text)
    form.get_by_role("button").click()


@pytest.mark.parametrize("size", SIZES_TRIED)
def test_a_page_left_open_decides_nothing_on_what_changed_since(
    console: Console, open_page: Opens, size: str
) -> None:
    arrive(console.service, "Morel")
    page, elsewhere = open_page(**SIZES[size]), open_page()
    open_lead(console, page, "Morel", "commercial")
    open_lead(console, elsewhere, "Morel", "manager")
    contest(elsewhere, "basse", "Le budget est gelé.")

    page.locator("summary", has_text="Confirmer la priorité normale").click()
    page.get_by_role("button", name="Confirmer la priorité").click()
    expect(page.get_by_text("La priorité a changé entre-temps")).to_be_visible()
    expect(page.get_by_text("Rien n’a été enregistré")).to_be_visible()
    looked_at(page, f"perimee-{size}")
    page.get_by_role("link", name="Revenir à la fiche").click()
    expect(page.locator(".head")).to_contain_text("priorité basse")

    elsewhere.locator("summary", has_text="Changer d’étape").click()
    elsewhere.get_by_label("Nouvelle étape").select_option("gagne")
    elsewhere.get_by_role("button", name="Changer d’étape").click()
    expect(elsewhere.get_by_role("status")).to_contain_text("nouveau → gagné")
    page.locator("summary", has_text="Changer d’étape").click()
    page.get_by_label("Nouvelle étape").select_option("contacte")
    page.get_by_role("button", name="Changer d’étape").click()
    expect(page.get_by_text("L’étape a changé entre-temps")).to_contain_text("gagné")


def test_a_proposal_on_a_lead_that_moved_is_read_again(
    console: Console, open_page: Opens
) -> None:
    arrive(console.service, "Morel")
    propose(console.service, "Morel")
    page = open_page()
    open_lead(console, page, "Morel", "commercial")
    move = MoveRequest(lead_id="Morel", to="contacte", reason=None, by=CRM)
    move_stage(console.service, move, console.service.clock())
    page.get_by_role("button", name="Confirmer la proposition").click()
    expect(page.get_by_text("L’étape a changé entre-temps")).to_be_visible()
    page.get_by_role("link", name="Revenir à la fiche").click()
    page.get_by_label("Pourquoi (facultatif)").first.fill("Elle signe lundi.")
    page.get_by_role("button", name="Confirmer la proposition").click()
    told = page.get_by_role("status").locator("li").first
    expect(told).to_contain_text("contacté → négociation finale")
    expect(told).to_contain_text("« Elle signe lundi. »")


@pytest.mark.parametrize("size", SIZES_TRIED)
def test_why_people_decided_is_read_where_the_decision_is(
    console: Console, open_page: Opens, size: str
) -> None:
    arrive(console.service, "Morel", visits=3)
    propose(console.service, "Morel")
    page = open_page(**SIZES[size])
    open_lead(console, page, "Morel", "commercial")
    contest(page, "basse", "Le salon est passé.")
    said = page.get_by_role("status").locator("li").first
    expect(said).to_contain_text("Priorité contestée : normale → basse.")
    why = "Je sais ce que le système ignore : « Le salon est passé. »"
    expect(said).to_contain_text(why)

    page.get_by_label("Ou la rejeter").fill("Trop tôt.")
    page.get_by_role("button", name="Rejeter la proposition").click()
    said = page.get_by_role("status").locator("li").first
    expect(said).to_contain_text("Proposition rejetée. « Trop tôt. »")
    concede(page, "2.5")
    expect(page.get_by_role("status")).to_contain_text("2,5 %. « Premier contrat. »")

    page.get_by_role("link", name="Le journal de cette").click()
    for told in (why, "« Trop tôt. »", "« Premier contrat. »"):
        expect(page.locator(".tree").first).to_contain_text(told)
    looked_at(page, f"journal-mots-{size}")


def test_who_contests_or_suspends_is_not_offered_to_agree(
    console: Console, open_page: Opens
) -> None:
    arrive(console.service, "Morel")
    page = open_page()
    open_lead(console, page, "Morel", "commercial")
    agreed = "D’accord avec le système"
    expect(page.locator("#confirmer-raison option").first).to_have_text(agreed)
    for other in ("contester", "statut", "suspendre"):
        listed = page.locator(f"#{other}-raison option").all_text_contents()
        assert "Budget" in listed
        assert agreed not in listed


def test_a_second_press_concedes_nothing_more(
    console: Console, open_page: Opens
) -> None:
    arrive(console.service, "Morel")
    page = open_page()
    open_lead(console, page, "Morel", "commercial")
    page.locator("summary", has_text="Accorder une remise").click()
    page.get_by_label("La remise").fill("5")
    page.locator("#remise-raison").fill("Premier contrat.")
    sent: list[Route] = []

    def hold(route: Route) -> None:  # the answer takes its time
        sent.append(route)

    page.route("**/remise", hold)
    place = page.get_by_role("button", name="Accorder la remise").bounding_box()
    assert place is not None
    for _ in range(2):
        page.mouse.click(place["x"] + 5, place["y"] + 5)
        page.wait_for_timeout(300)
    (only,) = sent
    only.continue_()
    page.unroute("**/remise")
    expect(page.get_by_role("status")).to_contain_text("Remise accordée : 5 %.")
    expect(page.locator(".timeline").get_by_text("Remise accordée")).to_have_count(1)

    page.go_back()
    concede(page, "1")
    expect(page.locator(".timeline").get_by_text("Remise accordée")).to_have_count(2)


def test_an_analyst_reads_and_decides_nothing(
    console: Console, open_page: Opens
) -> None:
    arrive(console.service, "Morel")
    propose(console.service, "Morel")
    page = open_page()
    open_lead(console, page, "Morel", "analyste")
    expect(page.get_by_role("heading", name="Décider")).to_have_count(0)
    expect(page.get_by_role("heading", name="En attente d’une déc")).to_be_visible()
    expect(page.get_by_role("heading", name="attendu du commercial")).to_be_visible()
    expect(page.get_by_text("de vous")).to_have_count(0)
    page.goto(f"{console.address}/console/opportunites/Morel/note")
    expect(page.get_by_text("Erreur 403")).to_be_visible()
