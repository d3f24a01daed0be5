"""One row a lead: attributes and outcome."""

from pathlib import Path

import orjson
import pytest

from data.importing.importer import import_file
from data.importing.mapping import load_mapping
from features.log import read_log
from tests.data.import_builders import import_rows, make_lead_mapping, rejected_reasons

HEADER = "lead,created,status,closed,sector"
EXAMPLE = Path(__file__).parents[2] / "data" / "mappings" / "leads_example.toml"

FRENCH_EXPORT = """\
Référence;Créé le;Statut;Clôturé le;Secteur;Effectif;Montant estimé;Newsletter;Motif
A-1;05/01/2026 09:30;Gagné;20/02/2026;Santé;1 200;12 500,50;oui;
A-2;06/01/2026 10:00;Perdu;06/01/2026;Non renseigné;;800;non;Délai trop long
A-3;07/01/2026 11:00;En cours;31/12/2026;Industrie;35;;;
"""


def test_the_example_mapping_reads_a_french_export(tmp_path: Path) -> None:
    source = tmp_path / "leads.csv"
    source.write_bytes(FRENCH_EXPORT.encode("cp1252"))
    counts = import_file(source, load_mapping(EXAMPLE), tmp_path / "log")
    log = read_log(tmp_path / "log")
    found = [
        (lead, kind, time.strftime("%m-%d %H:%M:%S.%f"), actor, orjson.loads(data))
        for lead, kind, time, actor, data in log.events.sort("lead_id", "occurred_at")
        .select("lead_id", "kind", "occurred_at", "actor", "data")
        .iter_rows()
    ]
    first = {"sector": "Santé", "headcount": 1200, "amount": 12500.5}
    assert found == [
        (
            "A-1",
            "attributes_set",
            "01-05 08:30:00.000000",
            "lead",
            first | {"newsletter": True},
        ),
        ("A-1", "won", "02-19 23:00:00.000000", "person", {}),
        (
            "A-2",
            "attributes_set",
            "01-06 09:00:00.000000",
            "lead",
            {"amount": 800.0, "newsletter": False},
        ),
        (
            "A-2",
            "lost",
            "01-06 09:00:00.000001",
            "person",
            {"reason": "Délai trop long"},
        ),
        (
            "A-3",
            "attributes_set",
            "01-07 10:00:00.000000",
            "lead",
            {"sector": "Industrie", "headcount": 35},
        ),
    ]
    assert (counts.read, counts.accepted, counts.leads, counts.events) == (3, 3, 3, 5)
    assert log.about.won_kinds == ("won",)
    assert log.about.received_at == "assumed"


def test_a_lead_of_which_nothing_is_known_is_in_the_log(tmp_path: Path) -> None:
    _, [event] = import_rows(
        tmp_path, "L-1,2026-01-05,,,", header=HEADER, mapping=make_lead_mapping()
    )
    assert (event["kind"], event["data"]) == ("attributes_set", {})


def test_a_table_may_hold_no_outcome(tmp_path: Path) -> None:
    mapping = make_lead_mapping(
        columns={"lead_id": "lead", "time": "created"}, outcomes={}
    )
    counts, _ = import_rows(
        tmp_path, "L-1,2026-01-05,,,Health", header=HEADER, mapping=mapping
    )
    assert counts.events == 1


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (
            "L-1,2026-01-05,Dead,2026-02-01,",
            'column status: no outcome for "Dead": add it to [outcomes]',
        ),
        (
            "L-1,2026-01-05,Won,soon,",
            "column 'closed': not a time written as ISO 8601",
        ),
        ("L-1,,Won,2026-01-05,", "column 'created' is empty"),
        (",2026-01-05,Won,2026-01-05,", "column 'lead' is empty"),
    ],
)
def test_a_bad_row_is_rejected_whole(tmp_path: Path, row: str, reason: str) -> None:
    counts, events = import_rows(
        tmp_path,
        "L-0,2026-01-05,Won,2026-02-01,",
        row,
        header=HEADER,
        mapping=make_lead_mapping(),
    )
    assert rejected_reasons(tmp_path / "log" / "rejected.csv") == [(3, reason)]
    assert (counts.accepted, counts.rejected) == (1, 1)
    assert {one["lead_id"] for one in events} == {"L-0"}


def test_the_expected_date_of_an_open_lead_is_not_read(tmp_path: Path) -> None:
    counts, events = import_rows(
        tmp_path,
        "L-1,2026-01-05,Working,one day,",
        header=HEADER,
        mapping=make_lead_mapping(),
    )
    assert counts.rejected == 0
    assert [one["kind"] for one in events] == ["attributes_set"]


def test_attributes_keep_their_id_when_the_outcome_comes(tmp_path: Path) -> None:
    ids = []
    for name, row in [
        ("a", "L-1,2026-01-05,Working,,Health"),
        ("b", "L-1,2026-01-05,Won,2026-03-01,Health"),
    ]:
        (tmp_path / name).mkdir()
        _, events = import_rows(
            tmp_path / name, row, header=HEADER, mapping=make_lead_mapping()
        )
        ids.append([one["event_id"] for one in events])
    assert ids[1][0] == ids[0][0]
    assert len(ids[1]) == 2


def test_a_lead_said_twice_counts_once(tmp_path: Path) -> None:
    row = "L-1,2026-01-05,Won,2026-03-01,Health"
    counts, events = import_rows(
        tmp_path, row, row, header=HEADER, mapping=make_lead_mapping()
    )
    assert (counts.accepted, counts.repeated) == (2, 1)
    assert len(events) == 2
