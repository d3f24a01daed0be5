"""Fiche, in a real browser."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from features.event import Actor
from governance.policy.task import ExpectedAction, OpenTask, TaskKind
from serving.console.lead.charts import line_of
from serving.decisions.stage_move import MoveRequest, move_stage
from serving.events.ingestion import ingest
from serving.repositories.leads import find_lead
from serving.repositories.tasks import add_task
from serving.runtime.service import Service
from serving.scoring.scoring import score_stored
from tests.console.axe import looked_at
from tests.console.conftest import SIZES, SIZES_TRIED, Console
from tests.console.leads import arrive, make
from tests.serving.builders import AWA, NOW
from tests.serving.fakes import SetClock

Opens = Callable[..., Page]
# Does what stands after a line's text also come after it, to the right?
SOURCE_AFTER_TEXT = """line => {
  const [text, source] = [line.querySelector('bdi'), line.lastElementChild];
  return text.getBoundingClientRect().right <= source.getBoundingClientRect().left;
}"""


def open_task(service: Service, lead_id: str, due_on: date) -> None:
    """A task of Awa's, as an exception or a rule opens it."""
    task = OpenTask(
        id=uuid4(),
        kind=TaskKind.RESERVED_MOVE_OBSERVED,
        owner=AWA.name,
        expected=ExpectedAction.QUALIFY,
        due_on=due_on,
    )
    with service.store.writing() as session:
        lead = find_lead(session, lead_id)
        assert lead is not None
        add_task(session, lead.id, task, service.clock())


@pytest.mark.parametrize("size", SIZES_TRIED)
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


def test_the_rest_of_the_score_says_what_it_is(
    console: Console, open_page: Opens
) -> None:
    arrive(console.service, "Morel", visits=60)
    page = open_page()
    console.sign_in(page)
    page.goto(f"{console.address}/console/opportunites/Morel")
    told = page.get_by_text("des effets trop faibles pour être dits")
    expect(told).to_be_hidden()
    page.locator("summary", has_text="Tout le reste").press("Enter")
    expect(told).to_be_visible()


def lost_here(service: Service) -> None:
    asked = MoveRequest(
        lead_id="Morel", to="perdu", reason="Trop cher", lost_reason="prix", by=AWA
    )
    move_stage(service, asked, service.clock())


def won_in_the_crm(service: Service) -> None:
    ingest(service, [make("w", "Morel", "won", Actor.PERSON)], service.clock())


@pytest.mark.parametrize("size", SIZES_TRIED)
@pytest.mark.parametrize(
    ("ends", "told"),
    [
        (lost_here, "Perdue le 24/11/2026 à 10:00, par Awa Diallo."),
        (
            won_in_the_crm,
            "Gagnée le 24/11/2026 à 09:00, selon la source crm.",
        ),
    ],
)
def test_a_lead_that_ended_says_so_first_and_expects_nothing(
    console: Console,
    open_page: Opens,
    size: str,
    ends: Callable[[Service], None],
    told: str,
) -> None:
    service = console.service
    arrive(service, "Morel", visits=60)
    open_task(service, "Morel", date(2026, 11, 26))
    ends(service)
    page = open_page(**SIZES[size])
    console.sign_in(page)
    page.goto(f"{console.address}/console/opportunites/Morel")
    expect(page.get_by_text(told)).to_be_visible()
    expect(page.get_by_text("Rien n’est attendu de vous.")).to_be_visible()
    expect(
        page.get_by_role("heading", name="Ce qui est attendu de vous")
    ).to_be_hidden()
    expect(page.get_by_role("heading", name="En attente de vous")).to_be_hidden()
    expect(page.locator(".tag-normale")).to_have_count(0)
    expect(page.locator("summary", has_text="priorité")).to_have_count(0)
    expect(page.locator("summary", has_text="remise")).to_have_count(0)
    expect(page.locator("summary", has_text="Changer d’étape")).to_have_count(1)
    name = "Score 26 sur 100, note D, à la clôture"
    expect(page.get_by_role("img", name=name)).to_be_visible()
    looked_at(page, f"fiche-close-{ends.__name__}-{size}")


def test_what_is_expected_has_the_date_of_the_open_task(
    console: Console, open_page: Opens
) -> None:
    service = console.service
    arrive(service, "Morel", visits=60)
    page = open_page()
    console.sign_in(page)
    due = page.locator("#liste .due")
    story = page.locator("section", has_text="Ce qui est attendu de vous")
    expect(due).to_have_text("appel.")
    open_task(service, "Morel", date(2026, 12, 3))
    open_task(service, "Morel", date(2026, 12, 1))
    page.reload()
    awaited = "Qualification d’ici au mardi 1er décembre."
    expect(due).to_have_text(awaited)
    page.get_by_role("link", name="Morel").click()
    expect(story.get_by_text(awaited, exact=True)).to_be_visible()
    expect(story.get_by_text("appel", exact=True)).to_have_count(0)


def test_a_lead_out_of_sight_is_nowhere(console: Console, open_page: Opens) -> None:
    arrive(console.service, "Cabinet Roy", owner="Zoé Blanc")
    page = open_page()
    console.sign_in(page)
    for lead in ("Cabinet Roy", "Inconnue"):
        page.goto(f"{console.address}/console/opportunites/{lead}")
        expect(page.get_by_text("Cette opportunité est inconnue.")).to_be_visible()


@pytest.mark.parametrize("size", SIZES_TRIED)
def test_a_long_name_leaves_room_and_is_read_whole(
    console: Console, open_page: Opens, size: str
) -> None:
    name = "Société anonyme des ateliers " + "M" * 171
    arrive(console.service, name, visits=3)
    page = open_page(**SIZES[size])
    console.sign_in(page)
    link = page.get_by_role("link", name=name)
    expect(link).to_have_attribute("title", name)
    box = link.bounding_box()
    assert box is not None
    assert box["height"] < 60
    looked_at(page, f"nom-long-liste-{size}")
    link.click()
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text(name)
    box = heading.bounding_box()
    assert box is not None
    assert box["height"] < 280
    looked_at(page, f"nom-long-fiche-{size}")


def test_a_text_that_turns_the_writing_around_turns_itself_only(
    console: Console, open_page: Opens
) -> None:
    arrive(console.service, "Morel")
    note = make("n", "Morel", "note_added", Actor.PERSON, text="\u202eavant")
    ingest(console.service, [note], console.service.clock())
    page = open_page()
    console.sign_in(page)
    page.goto(f"{console.address}/console/opportunites/Morel")
    line = page.locator(".timeline li", has_text="Note de terrain")
    assert line.evaluate(SOURCE_AFTER_TEXT)
    looked_at(page, "note-a-l-envers-desktop")


def test_no_point_of_the_chart_stands_on_its_scale() -> None:
    history = [{"moment": NOW.isoformat(), "score": score} for score in (50.0, 100.0)]
    assert min(point.x for point in line_of(history)) > 40
