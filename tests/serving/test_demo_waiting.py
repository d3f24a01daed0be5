"""The demo opens on decisions that wait, each of another sort, for the lead's owner."""

from datetime import timedelta

from features.event import events_frame
from features.log import Log, LogAbout
from serving.demo_waiting import leave_decisions
from serving.ingestion import ingest
from serving.leads import find_lead
from serving.loading import known_between
from serving.proposals import proposals_of
from serving.service import Service
from serving.tasks import tasks_of
from tests.console.leads import arrive, make
from tests.serving.builders import NOW


def test_each_sort_of_reserved_decision_waits_for_the_owner(service: Service) -> None:
    for n in range(4):
        arrive(service, f"L-{n}", visits=n)
        ingest(
            service,
            [make(f"at-{n}", f"L-{n}", "stage_changed", to="proposition")],
            service.clock(),
        )
    assert leave_decisions(service, "Awa Diallo", NOW) == 3
    waiting, owners = set(), set()
    with service.store.reading() as session:
        for n in range(4):
            lead = find_lead(session, f"L-{n}")
            assert lead is not None
            for one in proposals_of(session, lead.id):
                waiting.add((one.to_stage, one.concession_percent))
            owners |= {task.owner for task in tasks_of(session, lead.id)}
    assert waiting == {
        ("negociation_finale", None),
        ("proposition", 15.0),
        ("perdu", None),
    }
    assert owners == {"Awa Diallo"}


def test_an_owner_without_an_offer_has_nothing_to_decide(service: Service) -> None:
    arrive(service, "L-1")
    assert leave_decisions(service, "Awa Diallo", NOW) == 0


def test_a_log_is_parted_by_when_its_events_became_known() -> None:
    events = [make(f"e-{hours}", "L-1", "page_viewed", hours=hours) for hours in (1, 3)]
    log = Log(LogAbout(name="demo"), events_frame(events))
    middle = NOW - timedelta(hours=3)
    before, after = (
        known_between(log, since, until).events["event_id"].to_list()
        for since, until in ((None, middle), (middle, NOW))
    )
    assert (before, after) == (["e-3"], ["e-1"])
