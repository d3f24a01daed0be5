"""The demo opens on decisions that wait, each of another sort, for the lead's owner."""

from dataclasses import replace
from datetime import timedelta

from features.event import Actor, events_frame
from features.log import Log, LogAbout
from governance.people.roles import EVERYTHING
from governance.policy.pipeline import read_pipeline
from governance.rules.ruleset import RULES_FILE, read_rules
from serving.demo.pending_decisions import answer_late, leave_decisions
from serving.events.import_log import known_between
from serving.events.ingestion import ingest
from serving.repositories.leads import find_lead
from serving.repositories.notices import notices_to
from serving.repositories.proposals import proposals_of
from serving.repositories.tasks import tasks_of
from serving.runtime.service import Service
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


def test_who_answers_late_is_told_of_to_the_owner(service: Service) -> None:
    ruled = replace(service, rules=read_rules(RULES_FILE, read_pipeline()))
    for name, waits, visits in (("L-1", 70, 6), ("L-2", 74, 3), ("L-3", 74, 6)):
        arrive(ruled, name, visits=visits)
        sent = make(f"sent-{name}", name, "email_sent", Actor.PERSON, hours=waits)
        ingest(ruled, [sent], NOW)

    assert answer_late(ruled, "Awa Diallo", NOW)

    day = timedelta(days=1)
    with ruled.store.reading() as session:
        told = notices_to(
            session, "Awa Diallo", NOW - day, limit=10, visibility=EVERYTHING
        )
    assert [(lead, one.rule_id) for lead, one in told] == [("L-3", "R-03")]
    assert not answer_late(ruled, "Awa Diallo", NOW)


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
