"""Weeks are Paris's, and what is older than twelve of them is not told."""

from datetime import timedelta

from serving.automation.adoption import WEEKS, Use, adoption, week_of
from serving.repositories.scores import add_opening
from serving.runtime.service import Service
from tests.serving.builders import NOW


def test_openings_are_told_by_week_and_idea(service: Service) -> None:
    last = week_of(NOW)
    oldest = last - timedelta(weeks=WEEKS - 1)
    with service.store.writing() as session:
        add_opening(session, last, "devis")
        add_opening(session, last, "interet_tarifs")
        add_opening(session, oldest, "interet_tarifs")
        add_opening(session, oldest - timedelta(weeks=1), "devis")
    shown = adoption(service.store, service.clock())
    assert [week.monday for week in shown.weeks][:: WEEKS - 1] == [oldest, last]
    assert shown.weeks[0].counts == {Use.OPENED: 1}
    assert shown.weeks[-1].counts == {Use.OPENED: 2}
    assert shown.opened == (("interet_tarifs", 2), ("devis", 1))
    assert not shown.is_empty


def test_nothing_done_is_nothing_told(service: Service) -> None:
    shown = adoption(service.store, service.clock())
    assert shown.is_empty
    assert (len(shown.weeks), shown.opened, shown.judged) == (WEEKS, (), ())
