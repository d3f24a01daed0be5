"""The console's benchmark fills its store with as many leads as it says."""

from benchmarks.console import MANY_EVENTS, copies
from tests.factories import make_events, make_log


def test_open_leads_are_copied_and_one_more_has_many_events() -> None:
    leads = [{"lead_id": f"L-{n}"} for n in range(3)]
    ended = {"lead_id": "L-0", "kind": "lost"}
    log = make_log(*make_events(*leads, ended))
    events = copies(log, n_leads=5, n_events=7).events
    counts = dict(events["lead_id"].value_counts().iter_rows())
    assert counts.pop(MANY_EVENTS) == 7
    assert sorted(counts) == ["L-1-0", "L-1-1", "L-1-2", "L-2-0", "L-2-1"]
    assert not events.select("source", "event_id").is_duplicated().any()
