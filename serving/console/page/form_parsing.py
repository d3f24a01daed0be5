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
    concession = {"from": _READ["percent"]} if "percent" in form else {}
    for name, (read, why) in {**_READ, **concession}.items():
        if name in form:
            try:
                fields[name] = read(form[name][-1])
            except (OverflowError, ValueError) as error:
                raise RequestInvalidError(name, why) from error
    return validated(schema, fields)


def _decimal(text: str) -> float | None:
    """A finite number, as a browser or a French hand writes it; else None."""
    number = float(text.replace(",", "."))
    return number if isfinite(number) else None


def _end_of_day(text: str) -> str:
    """The end of a day in Paris, as an instant."""
    next_day = date.fromisoformat(text) + timedelta(days=1)
    return datetime.combine(next_day, time(), PARIS).isoformat()


# How a field is read, and what it is refused for. With a concession, `from` is what was
# conceded so far.
_READ: Mapping[str, tuple[Callable[[str], object], str]] = {
    "tone": (int, "int_parsing"),
    "percent": (_decimal, "float_parsing"),
    "until": (_end_of_day, "date_parsing"),
}
