"""Revision 0020: what the ids of an older store's leads become."""

from sqlalchemy import select

from features.lead_id import skeleton
from serving.database.engine import Store
from serving.database.migrate import upgrade
from serving.database.tables import LeadRow
from tests.serving.builders import write
from tests.serving.database.test_migrations import empty
from tests.serving.database.test_observations_migration import lead

__all__ = ["empty"]  # the fixture


def test_older_ids_get_the_form_of_today_and_all_have_their_skeleton(
    empty: Store,
) -> None:
    upgrade(empty, "0012")
    stage = "('nouveau', 0, false, false)"
    columns = "name, position, reserved, closes"
    write(empty, f"INSERT INTO stage ({columns}) VALUES {stage}")
    becomes = {
        "L-1": "L-1",
        "l-1": "l-1",
        " L-1": "L-1 (2)",
        "B1 ": "B1",
        "a  b": "a b",
        "Cafe\u0301": "Café",
        "V\ufe0f1": "V1",
        "..": "?",
    }
    ids = {lead(empty, name, "nouveau"): name for name in becomes}
    upgrade(empty)
    with empty.reading() as session:
        for row in session.scalars(select(LeadRow)):
            assert row.external_id == becomes[ids[row.id.hex]]
            assert row.skeleton == skeleton(row.external_id)
