"""Samples that PostgreSQL keeps of columns, as its statistics: of what names or
describes somebody there are none."""

from collections.abc import Iterable, Mapping

from alembic import op
from sqlalchemy import text

from serving.database.triggers import run

_TYPES = text(
    "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute"
    " WHERE attrelid = CAST(:table AS regclass) AND attname = ANY(:columns)"
)
_OF_COLUMNS = text(
    "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger"
    " WHERE tgrelid = CAST(:table AS regclass) AND NOT tgisinternal"
    " AND cardinality(tgattr) > 0"
)


def keep_no_samples(columns: Mapping[str, Iterable[str]]) -> None:
    """Have statistics of these columns go, by table, and none be made again.

    They go as a column is given its type once more. One that a trigger names can't be:
    such triggers are made again.
    """
    connection = op.get_bind()
    for table, names in columns.items():
        chosen = {"table": table, "columns": list(names)}
        types = connection.execute(_TYPES, chosen).all()
        triggers = connection.execute(_OF_COLUMNS, {"table": table}).all()
        for name, _ in triggers:
            run(f'DROP TRIGGER {name} ON "{table}"')
        changes = (
            f'ALTER COLUMN "{name}" TYPE {kind}, ALTER COLUMN "{name}" SET STATISTICS 0'
            for name, kind in types
        )
        run(f'ALTER TABLE "{table}" {", ".join(changes)}')
        for _, definition in triggers:
            run(definition)
