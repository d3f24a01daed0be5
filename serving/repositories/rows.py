"""Helpers of every repository: rows as values, and lists that fit in a statement."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from enum import Enum
from functools import cache
from itertools import islice
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session

from serving.database.tables import Base

Value = TypeVar("Value")
Item = TypeVar("Item")
Row = TypeVar("Row", bound=Base)
_AT_ONCE = 1000  # SQLite takes 32,766 parameters in a statement


def as_value(kind: type[Value], row: Base, /, **converted: object) -> Value:
    """A row as a dataclass: its fields are the columns of their names, but for those
    that are given, converted."""
    names = {field.name for field in fields(kind)} - set(converted)  # type: ignore[arg-type]  # a dataclass
    return kind(**{name: getattr(row, name) for name in names}, **converted)


def columns_of(row: type[Base], value: Any, /, **others: object) -> dict[str, Any]:
    """The columns of a row that are fields of a dataclass, and others besides."""
    mine = {
        name: getattr(value, name) for name in _shared(row, value.__class__)
    } | others
    return {n: v.value if isinstance(v, Enum) else v for n, v in mine.items()}


@cache
def _shared(row: type[Base], kind: type[Any]) -> frozenset[str]:
    return frozenset(row.__table__.columns.keys()) & {f.name for f in fields(kind)}


def batches(items: Iterable[Item]) -> Iterator[Sequence[Item]]:
    """The items, a thousand at a time."""
    waiting = iter(items)
    while some := list(islice(waiting, _AT_ONCE)):
        yield some


def every_row(session: Session, table: type[Row]) -> Iterator[Row]:
    """All the rows of a table, a thousand in memory at a time: a session keeps only
    those that somebody holds."""
    yield from session.scalars(select(table), execution_options={"yield_per": _AT_ONCE})


def texts_by_id(
    session: Session, column: InstrumentedAttribute[str | None], ids: Iterable[UUID]
) -> dict[UUID, str]:
    """A column of the rows with these ids, where it has a text."""
    table = column.class_
    rows = session.execute(select(table.id, column).where(table.id.in_(list(ids))))
    return {id: text for id, text in rows if text}
