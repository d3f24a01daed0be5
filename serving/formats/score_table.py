"""Scores as the table of a Parquet file; its columns are fields of ScoreShown."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from operator import attrgetter
from typing import Any, get_args, get_origin

import pyarrow as pa
from pydantic import AliasPath, BaseModel

from explanations.score import Score, TextedReason
from serving.formats.cloud_event import as_cloud
from serving.formats.score_json import NarrativeShown, ReasonShown, ScoreShown

_PLAIN = ("lead_id", "moment", "score", "base", "other_points", "grade", "priority")
_REASON = ("idea", "direction", "points", "text", "check", "score_without", "evidence")
_NARRATIVE = ("happened", "why", "expected", "short")
_TYPES = {float: pa.float64(), datetime: pa.timestamp("us", "UTC")}  # others are texts


def _type(annotation: Any) -> pa.DataType:
    if get_origin(annotation) is list:
        return pa.list_(_type(*get_args(annotation)))
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return pa.struct(_types(annotation, annotation.model_fields))
    return _TYPES.get(annotation, pa.string())


def _types(schema: type[BaseModel], fields: Iterable[str]) -> dict[str, pa.DataType]:
    return {name: _type(schema.model_fields[name].annotation) for name in fields}


SCORE_TABLE = pa.schema(
    {
        **_types(ScoreShown, _PLAIN),
        "reasons": pa.list_(
            pa.struct(
                {
                    **_types(ReasonShown, _REASON),
                    "inserted": pa.struct({"type": pa.string(), "time": pa.string()}),
                }
            )
        ),
        "exceptions": pa.list_(pa.string()),
        **_types(NarrativeShown, _NARRATIVE),
        "model_version": pa.string(),
    }
)


def score_table(scores: list[Score]) -> pa.Table:
    """Scores as a table of SCORE_TABLE."""
    rows = map(_row, scores)
    columns = zip(*rows, strict=True) if scores else [[]] * len(SCORE_TABLE)
    return pa.table(
        [
            pa.array(list(column), type=field.type)
            for column, field in zip(columns, SCORE_TABLE, strict=True)
        ],
        schema=SCORE_TABLE,
    )


def _paths(schema: type[BaseModel], fields: Iterable[str]) -> list[str]:
    """Where each field of a schema stands in what it is made from."""
    aliases = {name: schema.model_fields[name].validation_alias for name in fields}
    return [
        ".".join(map(str, alias.path)) if isinstance(alias, AliasPath) else name
        for name, alias in aliases.items()
    ]


_plain = attrgetter(*_paths(ScoreShown, _PLAIN))
_reason = attrgetter(*_paths(ReasonShown, _REASON))
_narrative = attrgetter(*_paths(NarrativeShown, _NARRATIVE))


def _row(score: Score) -> tuple[object, ...]:
    """In the order of SCORE_TABLE; many times faster than `score_json`."""
    return (
        *_plain(score),
        [(*_reason(texted), _inserted(texted)) for texted in score.reasons],
        [texted.doubt for texted in score.doubts],
        *_narrative(score.narrative),
        score.model.version,
    )


def _inserted(texted: TextedReason) -> Mapping[str, object] | None:
    event = texted.reason.inserted
    return None if event is None else as_cloud(event)
