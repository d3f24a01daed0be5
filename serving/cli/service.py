"""The service that a command opens, the model that it scores with, shared options."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from features.lead_id import lead_id

if TYPE_CHECKING:
    from serving.database.engine import Store
    from serving.runtime.served_model import Explains
    from serving.runtime.service import Service
    from serving.runtime.settings import Settings

out = Console()
err = Console(stderr=True)

Lead = Annotated[
    str,
    typer.Argument(
        parser=lead_id, metavar="LEAD", help="Its id, as the CRM writes it."
    ),
]
LogPlace = Annotated[
    str | None, typer.Option("--log", help="A log, instead of the store.")
]
ModelVersion = Annotated[
    str | None, typer.Option("--model", help="A registered version; else the champion.")
]


@contextmanager
def open_service(explainer: "Explains | None" = None) -> Iterator["Service"]:
    """The service on the settings of the environment; closed on leaving."""
    from serving.app import startup
    from serving.runtime.settings import Settings

    with startup.open_service(Settings(), explainer) as service:
        yield service


@contextmanager
def open_store() -> Iterator[tuple["Settings", "Store"]]:
    """The store of the environment's settings as it is: no pipeline is installed."""
    from serving.database.engine import Store
    from serving.database.migrate import upgrade
    from serving.runtime.settings import Settings

    settings = Settings()
    store = Store(settings.database_url)
    try:
        upgrade(store)
        yield settings, store
    finally:
        store.close()


def champion(version: str | None = None) -> "Explains":
    """The champion, or another version, its files checked."""
    from serving.scoring.model_registry import mlflow_registry, model_of

    registry = mlflow_registry()
    return registry.load(model_of(version) if version else registry.champion())


def champion_if_any() -> "Explains | None":
    """The champion; without one leads are not scored, and the rest is done."""
    from explanations.errors import ModelRejectedError
    from training.errors import ModelUnavailableError

    try:
        return champion()
    except (ModelRejectedError, ModelUnavailableError) as error:
        err.print(f"Not re-scored: {error}", markup=False, highlight=False)
        return None


def in_utc(instant: datetime | None) -> datetime | None:
    """The instant of an option, which has no time zone."""
    return None if instant is None else instant.replace(tzinfo=UTC)
