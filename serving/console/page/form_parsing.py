"""Parsing of forms into the schemas that the HTTP interface takes as well."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from math import isfinite

from pydantic import BeforeValidator

from explanations.calendar_fr import PARIS
from serving.errors import RequestInvalidError
from serving.http.request_body import Schema, validated

Form = Mapping[str, list[str]]


def _none_if_empty(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


EmptyAsNone = BeforeValidator(_none_if_empty)  # of a field that was left empty


def filled(schema: type[Schema], form: Form) -> Schema:
    """The form as the schema of a call; raises what says where it doesn't fit."""
    fields: dict[str, object] = {name: values[-1] for name, values in form.items()}
    if "objections" in form:
        fields["objections"] = form["objections"]
    for name, read in _READ.items():
        if name in form:
            fields[name] = read(name, form[name][-1])
    if "percent" in form and "from" in form:  # what was conceded so far
        fields["from"] = _decimal("from", form["from"][-1])
    return validated(schema, fields)


def _number(field: str, text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise RequestInvalidError(field, "int_parsing") from error


def _decimal(field: str, text: str) -> float | None:
    """A finite number, as a browser or a French hand writes it; else None."""
    try:
        number = float(text.replace(",", "."))
    except ValueError as error:
        raise RequestInvalidError(field, "float_parsing") from error
    return number if isfinite(number) else None


def _end_of_day(field: str, text: str) -> str:
    """The end of a day in Paris, as an instant."""
    try:
        next_day = date.fromisoformat(text) + timedelta(days=1)
    except (OverflowError, ValueError) as error:
        raise RequestInvalidError(field, "date_parsing") from error
    return datetime.combine(next_day, time(), PARIS).isoformat()


_READ: Mapping[str, Callable[[str, str], object]] = {
    "tone": _number,
    "percent": _decimal,
    "until": _end_of_day,
}
