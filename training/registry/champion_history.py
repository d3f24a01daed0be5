"""History of champions: a record in the registry that is only ever added to.

Each change is a tag of the registered model, named by its instant; its value is JSON.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

import orjson
from pydantic import TypeAdapter, ValidationError

from training.errors import ModelUnavailableError
from training.registry.registry import MODEL_NAME, registry_client

PREFIX = "champion."
PARIS = ZoneInfo("Europe/Paris")  # a day is a day of those who were served


class How(StrEnum):
    """How a version became champion."""

    FIRST = "first"  # by itself: there was none, or none that could serve
    PROMOTED = "promoted"
    AGAINST_THE_GATE = "against_the_gate"
    ROLLED_BACK = "rolled_back"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A version took the champion's place: who, why, when, from, to, and the verdict.

    `findings`: each rule and its outcome, where a gate was asked. `is_signed`: they had
    signed in; None: nobody was asked to.
    """

    at: datetime
    how: How
    version: str
    previous: str | None
    by: str
    reason: str
    findings: dict[str, str]
    is_signed: bool | None = None


@dataclass(frozen=True, slots=True)
class Live:
    """A change, and until when its version was champion; None: still."""

    change: Change
    until: datetime | None


_CHANGE = TypeAdapter(Change)


def record(change: Change) -> None:
    """Add a change to the record; raises ModelUnavailableError."""
    key = f"{PREFIX}{change.at.astimezone(UTC):%Y-%m-%dT%H.%M.%S.%fZ}"
    with registry_client() as client:
        text = orjson.dumps(asdict(change)).decode()
        client.set_registered_model_tag(MODEL_NAME, key, text)


def recorded() -> list[Change]:
    """Every change, the oldest first.

    Raises ModelUnavailableError if the registry can't be reached, or a change can't be
    read.
    """
    with registry_client() as client:
        models = client.search_registered_models(f"name = '{MODEL_NAME}'")
    tags = sorted(models[0].tags.items()) if models else []
    return [_read(key, text) for key, text in tags if key.startswith(PREFIX)]


def live_on(day: date, changes: Sequence[Change]) -> list[Live]:
    """The versions that were champion on a day of Paris, in order; there may be none.

    Examples
    --------
    >>> at = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)  # the 2nd, in Paris
    >>> first = Change(at=at, how=How.FIRST, version="1", previous=None, by="frein",
    ...                reason="the first", findings={})
    >>> [len(live_on(date(2026, 3, number), [first])) for number in (1, 2, 3)]
    [0, 1, 1]
    """
    begins = datetime.combine(day, time(), PARIS)
    ends = datetime.combine(day + timedelta(days=1), time(), PARIS)
    untils = [*(change.at for change in changes[1:]), None]
    return [
        Live(change, until)
        for change, until in zip(changes, untils, strict=True)
        if change.at < ends and (until is None or until > begins)
    ]


def one_before(champion: str, changes: Sequence[Change]) -> str | None:
    """The version to return to: each rollback goes one further back.

    Examples
    --------
    >>> def became(version: str, how: How) -> Change:
    ...     return Change(at=datetime.now(UTC), how=how, version=version,
    ...                   previous=None, by="Awa", reason="better", findings={})
    >>> changes = [became("1", How.FIRST), became("2", How.PROMOTED)]
    >>> one_before("2", changes)
    '1'
    >>> one_before("1", [*changes, became("1", How.ROLLED_BACK)]) is None
    True
    """
    standing: list[str] = []
    for change in changes:
        if change.how is How.ROLLED_BACK and change.version in standing:
            while standing[-1] != change.version:
                standing.pop()
        else:
            if change.previous and standing[-1:] != [change.previous]:
                standing.append(change.previous)  # put there by other means
            standing.append(change.version)
    if standing and standing[-1] == champion:
        standing.pop()
    return standing[-1] if standing else None


def _read(key: str, text: str) -> Change:
    try:
        return _CHANGE.validate_json(text)
    except ValidationError as error:
        raise ModelUnavailableError(
            f"the record of champions, tag {key!r}: {error}"
        ) from error
