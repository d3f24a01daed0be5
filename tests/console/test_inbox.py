"""À traiter, in a real browser."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from features.event import Actor
from serving.decisions.stage_move import MoveRequest, move_stage
from serving.events.ingestion import ingest
from serving.repositories.leads import find_lead
from serving.repositories.notices import Notice, add_notice
from serving.runtime.service import Service
from tests.console.axe import looked_at
from tests.console.conftest import SIZES, SIZES_TRIED, Console
from tests.console.leads import arrive, make
from tests.serving.builders import AWA, NOW

Opens = Callable[..., Page]


def tell_awa(service: Service, lead_id: str) -> None:
    """A notice, as a rule sends it."""
    told = Notice(
        id=uuid4(),
        rule_id="R-04",
        recipient=AWA.name,
        text="Le prospect est revenu sur la page tarifs.",
        created_at=NOW,
    )
    with service.store.writing() as session:
        lead = find_lead(session, lead_id)
        assert lead is not None
        add_notice(session, lead.id, told)


def test_what_rules_told_of_a_lead_that_ended_is_past(
    console: Console, open_page: Opens
) -> None:
    arrive(console.service, "Ateliers Morel")
    tell_awa(console.service, "Ateliers Morel")
    page = open_page()
    console.sign_in(page)
    told = page.get_by_text("Le prospect est revenu")
    expect(told).to_be_visible()
    asked = MoveRequest(lead_id="Ateliers Morel", to="gagne", reason=None, by=AWA)
    move_stage(console.service, asked, NOW)
    page.reload()
    expect(page.get_by_text("Rien à traiter pour l’instant")).to_be_visible()
    expect(told).to_have_count(0)


def test_what_rules_told_of_a_lead_that_went_to_another_is_not_theirs_any_more(
    console: Console, open_page: Opens
) -> None:
    arrive(console.service, "Ateliers Morel")
    tell_awa(console.service, "Ateliers Morel")
    given = make("given", "Ateliers Morel", "attributes_set", owner="Zoé Blanc")
    ingest(console.service, [given], NOW)
    page = open_page()
    console.sign_in(page)
    expect(page.get_by_text("Rien à traiter pour l’instant")).to_be_visible()
    expect(page.get_by_text("Le prospect est revenu")).to_have_count(0)


@pytest.mark.parametrize("size", SIZES_TRIED)
def test_leads_come_by_priority_with_why_and_what_is_due(
    console: Console, open_page: Opens, size: str
) -> None:
    service = console.service
    arrive(service, "Ateliers Morel", visits=3)
    arrive(service, "Biscuits Lenoir", visits=160)
    arrive(service, "Cabinet Roy", owner="Zoé Blanc")
    tell_awa(service, "Ateliers Morel")
    page = open_page(**SIZES[size])
    console.sign_in(page)
    names = page.locator("#liste .name")
    expect(names).to_have_text(["Biscuits Lenoir", "Ateliers Morel"])
    expect(page.get_by_text("Le prospect est revenu")).to_be_visible()
    expect(page.get_by_role("img", name="Score 55 sur 100, note A")).to_be_visible()
    looked_at(page, f"a-traiter-{size}")

    page.get_by_label("Priorité").select_option("normale")
    page.get_by_role("button", name="Filtrer").click()
    expect(names).to_have_text(["Ateliers Morel"])
    page.get_by_label("Rechercher").fill("introuvable")
    page.get_by_role("button", name="Filtrer").click()
    expect(page.get_by_text("Aucune opportunité ne correspond")).to_be_visible()
    page.get_by_role("link", name="Effacer les filtres").click()
    expect(names).to_have_count(2)


@pytest.mark.parametrize("size", SIZES_TRIED)
def test_a_lead_that_ended_is_found_by_search_and_by_its_stage(
    console: Console, open_page: Opens, size: str
) -> None:
    service = console.service
    for lead in ("Maison Ouverte", "Maison Gagnée", "Maison Perdue"):
        arrive(service, lead)
    for lead, to in {"Maison Gagnée": "gagne", "Maison Perdue": "perdu"}.items():
        move_stage(
            service,
            MoveRequest(
                lead_id=lead, to=to, reason="Trop cher", lost_reason="prix", by=AWA
            ),
            NOW,
        )
    page = open_page(**SIZES[size])
    console.sign_in(page)
    lines, names = page.locator("#liste .lead"), page.locator("#liste .name")
    expect(names).to_have_text(["Maison Ouverte"])

    page.get_by_label("Rechercher").fill("maison")
    page.get_by_role("button", name="Filtrer").click()
    expect(names).to_have_text(["Maison Ouverte", "Maison Gagnée", "Maison Perdue"])
    assert [line.get_by_text("close", exact=True).count() for line in lines.all()] == [
        0,
        1,
        1,
    ]
    expect(lines.last.get_by_text("perdu", exact=True)).to_be_visible()
    expect(lines.last.get_by_text("priorité normale", exact=True)).to_have_count(0)
    looked_at(page, f"a-traiter-closes-{size}")
    page.get_by_label("Priorité").select_option("normale")
    page.get_by_role("button", name="Filtrer").click()
    expect(names).to_have_text(["Maison Ouverte"])

    page.goto(f"{console.address}/console/")
    page.get_by_label("Étape").select_option("perdu")
    page.get_by_role("button", name="Filtrer").click()
    expect(names).to_have_text(["Maison Perdue"])
    names.click()
    page.go_back()
    expect(page.get_by_label("Étape")).to_have_value("perdu")


def test_the_keyboard_goes_through_the_list(console: Console, open_page: Opens) -> None:
    for n in range(30):
        arrive(console.service, f"Maison {n:02}")
    page = open_page()
    console.sign_in(page)
    for key in "jjjk":
        page.keyboard.press(key)
    expect(page.locator("#liste .name:focus")).to_have_text("Maison 01")
    page.get_by_label("Rechercher").press("j")
    expect(page.get_by_label("Rechercher")).to_have_value("j")
    page.get_by_role("link", name="Page suivante").click()
    expect(page.get_by_text("Page 2 sur 2")).to_be_visible()
    expect(page.locator("#liste .name")).to_have_count(5)


def test_a_manager_chooses_whose_leads(console: Console, open_page: Opens) -> None:
    arrive(console.service, "Ateliers Morel")
    arrive(console.service, "Cabinet Roy", owner="Une manager")
    arrive(console.service, "Dupuis", owner="D’une autre équipe")
    move = MoveRequest(lead_id="Cabinet Roy", to="qualifie", reason=None, by=AWA)
    move_stage(console.service, move, NOW)
    page = open_page()
    console.sign_in(page, "manager")
    expect(page.locator("#liste .name")).to_have_count(2)
    page.get_by_label("Responsable").select_option("Une manager")
    page.get_by_label("Étape").select_option("qualifie")
    page.get_by_role("button", name="Filtrer").click()
    expect(page.locator("#liste .name")).to_have_text(["Cabinet Roy"])


@pytest.mark.parametrize("size", SIZES_TRIED)
def test_each_line_tells_what_changed_since_yesterday(
    console: Console, open_page: Opens, size: str
) -> None:
    service = console.service
    clock = service.clock
    clock.now = NOW - timedelta(days=3)  # type: ignore[attr-defined]  # a SetClock
    for lead in ("Morel", "Calme"):
        arrive(service, lead, visits=0)
        ingest(service, [make(lead, lead, "page_viewed", hours=80)], service.clock())
    clock.now = NOW - timedelta(hours=2)  # type: ignore[attr-defined]
    fresh = [
        make(f"fresh-{n}", "Morel", "page_viewed", page="tarifs", hours=2)
        for n in range(160)
    ]
    ingest(service, [*fresh, make("fresh", "Morel", "email_replied")], service.clock())
    move = MoveRequest(lead_id="Morel", to="qualifie", reason=None, by=AWA)
    move_stage(service, move, service.clock())
    clock.now = NOW  # type: ignore[attr-defined]

    page = open_page(**SIZES[size])
    console.sign_in(page)
    lines = page.locator("#liste .lead")
    expect(lines.first).to_contain_text(
        "Depuis hier : score 1 → 56 ; étape nouveau → qualifié ; "
        "priorité normale → élevée ; "
        "réponse à un e-mail et 160 autres évènements."
    )
    expect(lines.last).to_contain_text("Calme")
    expect(lines.last).not_to_contain_text("Depuis hier")
    looked_at(page, f"depuis-hier-{size}")


def test_leads_are_chosen_by_how_long_they_are_silent(
    console: Console, open_page: Opens
) -> None:
    service = console.service
    for lead, silent in {"Bavard": 1, "Muet": 14, "Limite": 7}.items():
        replied = make(lead, lead, "email_replied", hours=24 * silent)
        arrive(service, lead, visits=0)
        ingest(service, [replied], service.clock())
    arrive(service, "Inconnu", visits=0)  # entered 500 hours ago: 21 days
    entered = make("new", "Arrivé", "attributes_set", Actor.PERSON, owner=AWA.name)
    arrive(service, "Joint", visits=0)
    answered = make("call", "Joint", "call_made", Actor.PERSON, outcome="joint")
    ingest(service, [entered, answered], service.clock())
    page = open_page()
    console.sign_in(page)
    silence = page.get_by_label("Sans signe du prospect")
    names = page.locator("#liste .name")
    found = {
        "7": {"Limite", "Muet", "Inconnu"},
        "14": {"Muet", "Inconnu"},
        "30": set(),
        "": {"Bavard", "Limite", "Muet", "Inconnu", "Arrivé", "Joint"},
    }
    for days, expected in found.items():
        silence.select_option(days)
        page.get_by_role("button", name="Filtrer").click()
        expect(names).to_have_count(len(expected))
        assert set(names.all_inner_texts()) == expected
    expect(page.get_by_text("14 jours de silence")).to_have_count(1)
    expect(page.get_by_text("aucun signe du prospect")).to_have_count(1)
    expect(page.get_by_text("aucun signe du prospect en 21 jours")).to_be_visible()
