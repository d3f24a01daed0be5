"""Settings of a fit as TOML: what `frein tune` writes and `frein train` reads."""

import tomllib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path

import tomli_w
from pydantic import TypeAdapter, ValidationError

from training.errors import TrainingError
from training.fitting.fit import FitSettings

_SETTINGS = TypeAdapter(FitSettings)
# What of LightGBM's may be asked besides: how trees are grown, not what for. The others
# are settings of their own, or ours: the objective, directions, seeds.
OF_LIGHTGBM = frozenset(
    {
        "bagging_freq",
        "cat_l2",
        "cat_smooth",
        "extra_trees",
        "feature_fraction_bynode",
        "lambda_l1",
        "max_bin",
        "max_cat_threshold",
        "max_cat_to_onehot",
        "max_delta_step",
        "min_data_in_bin",
        "min_data_per_group",
        "min_gain_to_split",
        "min_sum_hessian_in_leaf",
        "num_threads",
        "path_smooth",
    }
)


def settings_text(settings: FitSettings) -> str:
    """The settings as TOML."""
    return tomli_w.dumps(asdict(settings))


def read_settings(path: Path) -> FitSettings:
    """Settings of a file; those that it doesn't name are the usual ones.

    Raises TrainingError if the file can't be read, or names a setting that there isn't,
    or a value of another type or out of its bounds (trees deeper than `DEEPEST`).
    """
    try:
        written = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise TrainingError(f"{path}: {error}") from error
    try:
        settings = _SETTINGS.validate_python(written, extra="forbid")
    except ValidationError as error:
        (first, *_) = error.errors(include_url=False)
        place = ".".join(map(str, first["loc"]))
        raise TrainingError(f"{path}: {place}: {first['msg']}") from error
    for name in settings.params:
        if name in asdict(settings):
            raise TrainingError(
                f"{path}: {name}: a setting of its own, not of [params]"
            )
        if name not in OF_LIGHTGBM:
            allowed = ", ".join(sorted(OF_LIGHTGBM))
            raise TrainingError(f"{path}: params.{name}: not one of {allowed}")
    return settings


def write_settings(path: Path, settings: FitSettings) -> None:
    """Write the file, whole or not at all; raises TrainingError."""
    with _draft_of(path) as draft:
        draft.write_text(settings_text(settings), encoding="utf-8")
        draft.replace(path)


def refuse_unwritable_file(path: Path) -> None:
    """Raise TrainingError where no file can be written: it is told before the work."""
    if path.is_dir():
        raise TrainingError(f"{path} is a folder: name a file for the settings")
    with _draft_of(path) as draft:
        draft.touch()


@contextmanager
def _draft_of(path: Path) -> Iterator[Path]:
    """A path beside it, of which nothing is left."""
    draft = path.with_name(f".{path.name}.draft")
    try:
        yield draft
        draft.unlink(missing_ok=True)
    except OSError as error:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise TrainingError(
            f"{path} can't be written ({error.strerror or error})"
        ) from error
