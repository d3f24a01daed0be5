"""What an event's data hold, in words: attributes as the narratives say them."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache

from pydantic import JsonValue

from explanations.wording import Wording, read_wording
from features.catalogue import read_catalogue, shipped_catalogue
from governance.impact.lead_course import attributes_of
from serving.http.messages_fr import PRIORITY

# Codes that lose an accent, or more; no narrative tells them.
_CODE = {
    "demo": "démonstration",
    "etude_de_cas": "étude de cas",
    "newsletter": "lettre d’information",
    "visio": "visioconférence",
}
# Attributes that no narrative tells, or tells without their name.
_NAME = {"lead_source": "origine", "owner": "responsable"}


def value_of(name: str, value: JsonValue) -> str:
    """What a field of an event says: « étude de cas », « élevée »."""
    words = PRIORITY if name == "priority" else _CODE
    return words.get(str(value), readable(value))


def attribute(name: str, value: str | float, at: datetime) -> str:
    """An attribute with its name: « secteur de la santé », « origine : salon »."""
    known = attributes_of(_wording().catalogue)
    is_told = name in (known.labels if isinstance(value, str) else known.numbers)
    told = _wording().attribute(name, value, at) if is_told else readable(value)
    named = _NAME.get(name, "" if is_told else readable(name))
    return f"{named}\u00a0: {told}" if named else told


def attributes(about: Mapping[str, JsonValue], at: datetime) -> list[str]:
    """Those of an event that are a text or a number."""
    return [
        attribute(name, value, at)
        for name, value in about.items()
        if isinstance(value, str | int | float)
        and not isinstance(value, bool)
        and value != ""
    ]


def readable(code: JsonValue) -> str:
    return str(code).replace("_", " ")


@cache
def _wording() -> Wording:
    return read_wording(read_catalogue(shipped_catalogue("b2b")))
