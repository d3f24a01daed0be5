"""One row an event: kinds, actors, times, data, attributes, identities, order."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from features.log import read_log
from tests.data.import_builders import (
    SOUND_ROW,
    import_rows,
    make_event_mapping,
    rejected_reasons,
)

EIGHT = datetime(2026, 3, 10, 8, tzinfo=UTC)


def columns(**more: object) -> dict[str, object]:
    return {"lead_id": "lead", "time": "when", "kind": "what"} | more


def reasons(folder: Path) -> list[tuple[int, str]]:
    return rejected_reasons(folder / "log" / "rejected.csv")


def test_a_row_becomes_an_event(tmp_path: Path) -> None:
    counts, [event] = import_rows(tmp_path, SOUND_ROW)
    assert event.pop("event_id")
    assert event == {
        "source": "crm",
        "lead_id": "L-1",
        "kind": "page_viewed",
        "occurred_at": EIGHT,
        "received_at": EIGHT,
        "actor": "person",
        "data": {},
    }
    assert (counts.read, counts.accepted, counts.rejected) == (1, 1, 0)
    assert (counts.leads, counts.events) == (1, 1)


def test_the_log_says_where_it_comes_from(tmp_path: Path) -> None:
    import_rows(tmp_path, SOUND_ROW, mapping=make_event_mapping(order=["call_made"]))
    about = read_log(tmp_path / "log").about
    assert about.received_at == "assumed"
    assert about.provenance["file"] == "source.csv"
    assert about.provenance["tie_order"] == [
        "won",
        "lost",
        "attributes_set",
        "call_made",
    ]
    assert "1 µs" in str(about.provenance["ties"])


def test_received_at_is_recorded_where_a_column_holds_it(tmp_path: Path) -> None:
    _, [event] = import_rows(
        tmp_path,
        SOUND_ROW + ",2026-03-11T08:00:00Z",
        header="lead,when,what,who,amount,known",
        mapping=make_event_mapping(columns=columns(received_at="known")),
    )
    assert event["received_at"] == EIGHT + timedelta(days=1)
    assert read_log(tmp_path / "log").about.received_at == "recorded"


@pytest.mark.parametrize(
    ("kind", "who", "actor"),
    [
        ("Visit", "112", "lead"),
        ("Call", "112", "automation"),
        ("Call", "7", "person"),
        ("Call", "", "person"),
    ],
    ids=["kind-before-column", "column", "other-value", "empty"],
)
def test_the_actor_follows_kind_then_column_then_default(
    tmp_path: Path, kind: str, who: str, actor: str
) -> None:
    rule = {
        "column": "who",
        "values": {"112": "automation"},
        "kinds": {"page_viewed": "lead"},
    }
    _, [event] = import_rows(
        tmp_path,
        f"L-1,2026-03-10T08:00:00Z,{kind},{who},",
        mapping=make_event_mapping(actor=rule),
    )
    assert event["actor"] == actor


@pytest.mark.parametrize(
    ("written", "kind"),
    [("Visit", "page_viewed"), ("Relance, n° 2", "relance_n_2")],
    ids=["in-the-table", "slug"],
)
def test_other_kinds_can_be_kept(tmp_path: Path, written: str, kind: str) -> None:
    _, [event] = import_rows(
        tmp_path,
        f'L-1,2026-03-10T08:00:00Z,"{written}",,',
        mapping=make_event_mapping(other_kinds="keep"),
    )
    assert event["kind"] == kind


def test_a_kind_that_makes_no_slug_is_rejected(tmp_path: Path) -> None:
    import_rows(
        tmp_path,
        SOUND_ROW,
        "L-1,2026-03-10T08:00:00Z,3e appel,,",
        mapping=make_event_mapping(other_kinds="keep"),
    )
    assert reasons(tmp_path) == [
        (3, 'column what: no kind for "3e appel": add it to [kinds]')
    ]


def test_several_columns_make_one_kind(tmp_path: Path) -> None:
    _, [event] = import_rows(
        tmp_path,
        "L-1,2026-03-10T08:00:00Z,Call,START,",
        mapping=make_event_mapping(
            columns=columns(kind=["what", "who"]), kinds={"Call/START": "call_started"}
        ),
    )
    assert event["kind"] == "call_started"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",2026-03-10T08:00:00Z,Visit,,", "column 'lead' is empty"),
        (" ,2026-03-10T08:00:00Z,Visit,,", "column 'lead' is empty"),
        ("L-1,,Visit,,", "column 'when' is empty"),
        (
            "L-1,10/03/2026,Visit,,",
            "column 'when': not a time written as ISO 8601",
        ),
        (
            "L-1,9999-12-31,Visit,,",
            "column 'when': a year outside 1970-2099",
        ),
        (
            "L-1,2026-03-29T02:30,Visit,,",
            "column 'when': a local time that the clock change skips",
        ),
        (
            "L-1,2026-10-25T02:30,Visit,,",
            "column 'when': a local time that the clock change repeats: "
            "export with an offset",
        ),
        (
            "L-1,2026-03-10,Fax,,",
            'column what: no kind for "Fax": add it to [kinds]',
        ),
        (
            "L-1,2026-03-10,,,",
            'column what: no kind for "": add it to [kinds]',
        ),
        (
            "L-1,2026-03-10,Visit,,12 euros",
            "column 'amount': no number with decimal '.'",
        ),
        ("L-1,2026-03-10,Visit,,1e999", "column 'amount': no number with decimal '.'"),
        ("L-1,2026-03-10,Visit,,NaN", "column 'amount': no number with decimal '.'"),
        ("L-1,2026-03-10,Visit", "3 fields where the header has 5"),
        ("L-1,2026-03-10,Visit,,,", "6 fields where the header has 5"),
        (
            'L-1,2026-03-10,"Vis"it,,',
            "broken CSV: ',' expected after '\"'",
        ),
    ],
)
def test_a_bad_row_is_rejected_with_its_line_and_reason(
    tmp_path: Path, row: str, reason: str
) -> None:
    counts, events = import_rows(
        tmp_path,
        SOUND_ROW,
        row,
        SOUND_ROW,
        mapping=make_event_mapping(
            data={"amount": {"column": "amount", "type": "number"}}
        ),
    )
    assert reasons(tmp_path) == [(3, reason)]
    assert (counts.read, counts.accepted, counts.rejected) == (3, 2, 1)
    assert len(events) == 2


@pytest.mark.parametrize(
    ("written", "field", "value"),
    [
        (" rue de Metz ", {}, "rue de Metz"),
        ("", {}, None),
        ("N/A", {"unknown": ["N/A"]}, None),
        ("12.5", {"type": "number"}, 12.5),
        ("1 234 567", {"type": "number"}, 1234567.0),
        ("12.0", {"type": "integer"}, 12),
        ("+12", {"type": "integer"}, 12),
        ("Oui", {"type": "boolean"}, True),
        ("FALSE", {"type": "boolean"}, False),
    ],
)
def test_a_field_has_its_type(
    tmp_path: Path, written: str, field: dict[str, object], value: object
) -> None:
    _, [event] = import_rows(
        tmp_path,
        f"L-1,2026-03-10,Visit,,{written}",
        mapping=make_event_mapping(data={"seen": {"column": "amount"} | field}),
    )
    assert event["data"] == ({} if value is None else {"seen": value})


@pytest.mark.parametrize(
    ("written", "type_"),
    [("12.5", "integer"), ("99999999999999999999", "integer"), ("maybe", "boolean")],
)
def test_a_value_of_another_type_is_rejected(
    tmp_path: Path, written: str, type_: str
) -> None:
    counts, _ = import_rows(
        tmp_path,
        SOUND_ROW.replace("100", ""),
        f"L-1,2026-03-10,Visit,,{written}",
        mapping=make_event_mapping(data={"x": {"column": "amount", "type": type_}}),
    )
    assert counts.rejected == 1


def test_attributes_are_set_once_and_when_they_change(tmp_path: Path) -> None:
    amounts = ["100", "100", "", "100", "150", "100"]
    _, events = import_rows(
        tmp_path,
        *(
            f"L-1,2026-03-{day:02},Visit,,{amount}"
            for day, amount in reversed(list(enumerate(amounts, 1)))
        ),
        "L-2,2026-03-01,Visit,,100",
        mapping=make_event_mapping(
            attributes={"amount": {"column": "amount", "type": "integer"}}
        ),
    )
    zone = timedelta(hours=1)
    found = [
        (one["lead_id"], (one["occurred_at"] + zone).day, one["data"]["amount"])
        for one in events
        if one["kind"] == "attributes_set"
    ]
    assert found == [
        ("L-1", 1, 100),
        ("L-1", 5, 150),
        ("L-1", 6, 100),
        ("L-2", 1, 100),
    ]


def test_ties_are_spaced_in_the_order_of_the_mapping(tmp_path: Path) -> None:
    time = "2026-03-10T08:00:00Z"
    counts, events = import_rows(
        tmp_path,
        f"L-1,{time},Visit,,",
        f"L-1,{time},Signed,,",
        "L-1,2026-03-10T08:00:00.000002Z,Visit,,",
        f"L-1,{time},Call,,",
        f"L-2,{time},Visit,,",
        mapping=make_event_mapping(order=["call_made", "page_viewed"]),
    )
    found = [
        (one["lead_id"], one["kind"], (one["occurred_at"] - EIGHT).microseconds)
        for one in events
    ]
    assert found == [
        ("L-1", "won", 0),
        ("L-1", "call_made", 1),
        ("L-1", "page_viewed", 2),
        ("L-1", "page_viewed", 3),
        ("L-2", "page_viewed", 0),
    ]
    assert all(one["received_at"] == one["occurred_at"] for one in events)
    assert counts.tied == 3


def test_an_extended_export_gives_the_same_rows_the_same_ids(tmp_path: Path) -> None:
    first = [SOUND_ROW, SOUND_ROW, "L-2,2026-03-11,Call,,"]
    more = ["L-0,2026-03-09,Visit,,", *first, SOUND_ROW]
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    _, before = import_rows(tmp_path / "a", *first)
    _, after = import_rows(tmp_path / "b", *more)
    ids_before = {one["event_id"] for one in before}
    ids_after = {one["event_id"] for one in after}
    assert len(ids_before) == 3
    assert len(ids_after) == 5
    assert ids_before < ids_after


def test_a_repeated_event_id_counts_once(tmp_path: Path) -> None:
    counts, events = import_rows(
        tmp_path,
        SOUND_ROW,
        SOUND_ROW,
        mapping=make_event_mapping(columns=columns(event_id="who")),
    )
    assert (counts.accepted, counts.repeated, counts.rejected) == (2, 1, 0)
    assert [one["event_id"] for one in events] == ["7"]


def test_an_event_id_with_other_content_is_rejected(tmp_path: Path) -> None:
    import_rows(
        tmp_path,
        "L-1,never,Visit,7,100",
        SOUND_ROW,
        "L-2,2026-03-10T08:00:00Z,Visit,7,100",
        mapping=make_event_mapping(columns=columns(event_id="who")),
    )
    assert reasons(tmp_path)[1] == (
        4,
        "event_id 7 stands on line 3 with other content",
    )


def test_importing_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    logs = [tmp_path / "a", tmp_path / "b"]
    for folder in logs:
        folder.mkdir()
        import_rows(folder, SOUND_ROW, "L-1,2026-03-10T08:00:00Z,Call,,", SOUND_ROW)
    for name in ("manifest.json", "log.toml", "rejected.csv"):
        one, other = (folder / "log" / name for folder in logs)
        assert one.read_bytes() == other.read_bytes()


def test_ids_of_leads_have_one_form_and_what_is_none_is_rejected(
    tmp_path: Path,
) -> None:
    when = "2026-03-10T08:00:00Z,Visit,7,100"
    leads = ("OPP/1", " OPP/1\u00a0", "Cafe\u0301", "..", "L\u200b1")
    counts, events = import_rows(tmp_path, *(f"{lead},{when}" for lead in leads))
    assert {event["lead_id"] for event in events} == {"OPP/1", "Café"}
    assert (counts.accepted, counts.rejected) == (3, 2)
    (_, dots), (_, unseen) = rejected_reasons(tmp_path / "log" / "rejected.csv")
    assert dots.startswith("column 'lead': not an id of a lead: '.' and '..'")
    assert "U+200B ZERO WIDTH SPACE" in unseen
