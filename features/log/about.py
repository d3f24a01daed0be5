"""About a log: its `log.toml`."""

import tomllib
from dataclasses import asdict, dataclass, field, fields

import tomli_w
from pydantic import JsonValue, TypeAdapter, ValidationError

from features.errors import LogError
from features.log.storage import ABOUT_FILE, EVENTS_FILE, Storage


@dataclass(frozen=True, slots=True, kw_only=True)
class LogAbout:
    """What a log is. `received_at` is "recorded", or "assumed" equal to `occurred_at`.

    `won_kinds` and `lost_kinds` end a lead's open life; `provenance` is free:
    the mapping of an import, the parameters of a generator (TOML knows no null).
    """

    name: str
    received_at: str = "recorded"
    won_kinds: tuple[str, ...] = ("won",)
    lost_kinds: tuple[str, ...] = ("lost",)
    provenance: dict[str, JsonValue] = field(default_factory=dict)


_ABOUT = TypeAdapter(LogAbout)


def read_about(storage: Storage) -> LogAbout:
    """Raises LogError."""
    where, stored = storage.address(ABOUT_FILE), storage.read(ABOUT_FILE)
    if stored is None:
        raise LogError(
            f"{storage.place} is no log, which is a folder with {ABOUT_FILE} and "
            f"events (or {EVENTS_FILE}): `frein data import` makes one of your events, "
            "`frein data generate` one of made-up leads"
        )
    try:
        written = tomllib.loads(stored.content.decode())
        keys = [key.name for key in fields(LogAbout)]
        return _ABOUT.validate_python({key: written[key] for key in keys})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise LogError(f"{where}: {error}") from error
    except KeyError as error:
        raise LogError(f"{where}: the key {error} is missing") from error
    except ValidationError as error:
        (first, *_) = error.errors(include_url=False)
        place = ".".join(map(str, first["loc"]))
        raise LogError(f"{where}: {place}: {first['msg']}") from error


def write_about(storage: Storage, about: LogAbout) -> None:
    """Raises LogError."""
    storage.write(ABOUT_FILE, tomli_w.dumps(asdict(about)).encode())
