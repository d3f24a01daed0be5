"""Forms as the JSON that the HTTP interface takes."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta

import orjson
from pydantic import BeforeValidator

from explanations.french import PARIS
from serving.errors import RequestInvalidError
from serving.http.request_body import JSON, Body

Form = Mapping[str, list[str]]


def _none_if_empty(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


EmptyAsNone = BeforeValidator(_none_if_empty)  # of a field that was left empty


def body_of(form: Form) -> Body:
    """The form as the JSON that the interface takes."""
    fields: dict[str, object] = {name: given[-1] for name, given in form.items()}
    if "objections" in form:
        fields["objections"] = form["objections"]
    if "tone" in form:
        fields["tone"] = _number("tone", form["tone"][-1])
    if "percent" in form:
        asked = [name for name in ("percent", "from") if name in form]
        fields |= {name: _decimal(name, form[name][-1]) for name in asked}
    if "until" in form:
        fields["until"] = _end_of_day("until", form["until"][-1])
    return Body(orjson.dumps(fields), JSON)


def _number(field: str, given: str) -> int:
    try:
        return int(given)
    except ValueError as error:
        raise RequestInvalidError(field, "int_parsing") from error


def _decimal(field: str, given: str) -> float:
    """A number, as a browser or a French hand writes it."""
    try:
        return float(given.replace(",", "."))
    except ValueError as error:
        raise RequestInvalidError(field, "float_parsing") from error


def _end_of_day(field: str, given: str) -> str:
    """The end of a day in Paris, as an instant."""
    try:
        next_day = date.fromisoformat(given) + timedelta(days=1)
    except (OverflowError, ValueError) as error:
        raise RequestInvalidError(field, "date_parsing") from error
    return datetime.combine(next_day, time(), PARIS).isoformat()
