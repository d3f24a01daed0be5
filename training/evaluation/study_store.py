"""Studies of settings on disk: an interrupted one resumes where it stopped."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import optuna
from optuna.exceptions import StorageInternalError
from optuna.study import Study

from training.errors import ModelUnavailableError
from training.evaluation.tuning import Problem, pruner
from training.registry.registry import registry_errors, store_folder

STUDIES_FILE = "tuning.db"  # beside mlflow.db
SPACE = "1"  # the settings that are searched: another space is another study


def study_name(
    log_name: str, inputs: Mapping[str, str | float], problem: Problem
) -> str:
    """The same for the same inputs (log, moments, horizon), catalogue, seed, bound."""
    what = {
        **inputs,
        "catalogue": problem.catalogue.digest,
        "seed": problem.seed,
        "deepest": problem.deepest,
        "space": SPACE,
    }
    text = json.dumps(what, sort_keys=True)
    return f"{log_name}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


@contextmanager
def opened_study(name: str) -> Iterator[Study]:
    """The study of that name, as it was left, or a new one.

    Raises
    ------
    ModelUnavailableError
        If the studies can't be read or written, be it later on.
    """
    path = store_folder() / STUDIES_FILE
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        with registry_errors(str(path)):
            path.parent.mkdir(parents=True, exist_ok=True)
            yield optuna.create_study(
                study_name=name,
                storage=f"sqlite:///{path}",
                pruner=pruner(),
                load_if_exists=True,
            )
    except StorageInternalError as error:
        raise ModelUnavailableError(f"{path}: {error}") from error
