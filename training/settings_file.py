"""Settings of a fit as TOML: what `frein tune` writes and `frein train` reads."""

import tomllib
from dataclasses import asdict
from pathlib import Path

import tomli_w
from pydantic import TypeAdapter, ValidationError

from features.errors import TrainingError
from training.fitting import FitSettings

_SETTINGS = TypeAdapter(FitSettings)


def settings_text(settings: FitSettings) -> str:
    """The settings as TOML."""
    return tomli_w.dumps(asdict(settings))


def read_settings(path: Path) -> FitSettings:
    """Settings of a file; those that it doesn't name are the usual ones.

    Raises
    ------
    TrainingError
        If the file can't be read, or names a setting that there isn't, or a value
        of another type or out of its bounds (trees deeper than `DEEPEST`).
    """
    try:
        written = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise TrainingError(f"{path}: {error}") from error
    try:
        settings = _SETTINGS.validate_python(written, extra="forbid")
    except ValidationError as error:
        (first, *_) = error.errors(include_url=False)
        place = ".".join(map(str, first["loc"]))
        raise TrainingError(f"{path}: {place}: {first['msg']}") from error
    if twice := settings.params.keys() & asdict(settings).keys():
        raise TrainingError(
            f"{path}: {', '.join(sorted(twice))}: a setting of its own, not of [params]"
        )
    return settings


def write_settings(path: Path, settings: FitSettings) -> None:
    """Write the file, whole or not at all; raises TrainingError."""
    draft = path.with_name(f".{path.name}.draft")
    try:
        draft.write_text(settings_text(settings), encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise TrainingError(f"{path}: {error}") from error
