"""Groups, answers to mails, and the whole of it on a small demo log."""

from datetime import timedelta

import polars as pl
import pytest

from data.generate import generate
from features.catalogue import read_catalogue, shipped_catalogue
from features.event import Actor, Event
from features.log import Log, last_known_at, read_log
from governance.impact.groups import By, grouped
from governance.impact.lead_course import Attributes, attributes_of
from governance.impact.reply_rates import answers
from governance.impact.report import AutomationReport, automation_report
from tests.factories import NOW, make_event, make_log


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Log:
    folder = tmp_path_factory.mktemp("demo") / "log"
    generate(folder, leads=1000, seed=12, with_truth=False)
    return read_log(folder)


@pytest.fixture(scope="module")
def report(log: Log) -> AutomationReport:
    attributes = attributes_of(read_catalogue(shipped_catalogue("b2b")))
    return automation_report(log, attributes, first_stage="nouveau")


def test_every_lead_is_counted_once(log: Log, report: AutomationReport) -> None:
    counts = report.counts
    assert counts.entered == log.events["lead_id"].n_unique()
    assert counts.entered == (
        counts.ended_early + counts.too_young + counts.untouched + counts.exposed
    )
    assert sum(level.leads for level in report.levels) == counts.followed
    for by in By:
        groups = [group for group in report.groups if group.by is by]
        assert sum(c.leads for g in groups for c in g.levels) == counts.followed


def test_the_curve_agrees_with_the_rate(report: AutomationReport) -> None:
    for level in report.levels:
        at_90 = next(one for one in report.curves[level.level] if one.day == 90)
        assert level.rate.low < at_90.won.value < level.rate.high


def test_the_same_log_gives_the_same_report(log: Log, report: AutomationReport) -> None:
    attributes = attributes_of(read_catalogue(shipped_catalogue("b2b")))
    assert automation_report(log, attributes, first_stage="nouveau") == report


def test_a_later_beginning_leaves_the_older_leads_out(log: Log) -> None:
    since = last_known_at(log.events.lazy()) - timedelta(days=10)
    young = automation_report(log, Attributes((), (), None), since=since)
    assert 0 < young.counts.entered == young.counts.too_young + young.counts.ended_early
    assert (young.levels, young.curves, young.adjusted) == ((), {}, None)


def test_days_saved_are_told_where_sales_suffice() -> None:
    quick, slow = [20.0 + day for day in range(12)], [60.0 + day for day in range(12)]
    leads = pl.DataFrame(
        {
            "level": ["most"] * 12 + ["none"] * 12,
            "days": quick + slow,
            "won": [True] * 24,
            "stage": [None] * 23 + ["qualifie"],
        },
        schema_overrides={"stage": pl.String},
    )
    nowhere = Attributes((), (), None)
    first, last = grouped(leads, nowhere, first_stage="nouveau", seed=1)
    assert first.days_saved is not None
    assert first.days_saved.is_clear
    assert first.days_saved.value == pytest.approx(39.5)
    assert last.days_saved is None


def test_an_answer_is_to_the_last_mail_before_it() -> None:
    def event(number: int, day: float, kind: str, actor: Actor) -> Event:
        return make_event(
            event_id=f"E-{number}",
            kind=kind,
            actor=actor,
            occurred_at=NOW + timedelta(days=day),
        )

    log = make_log(
        event(1, 0, "email_sent", Actor.AUTOMATION),
        event(2, 3, "email_sent", Actor.PERSON),
        event(3, 4, "email_replied", Actor.LEAD),
        event(4, 5, "email_sent", Actor.AUTOMATION),
        event(5, 6, "unsubscribed", Actor.LEAD),
        event(6, 30, "email_sent", Actor.AUTOMATION),
        event(7, 31, "email_replied", Actor.LEAD),
    )
    leads = pl.DataFrame({"lead_id": ["L-1"]})
    machine, person = answers(log.events, leads, NOW + timedelta(days=40))
    assert (machine.mails, machine.replied.value) == (2, 0)  # the last is too young
    assert machine.unsubscribed.value == 0.5
    assert (person.mails, person.replied.value) == (1, 1)
    assert answers(log.events, leads.clear(), NOW) == ()
