"""`frein data export`: the service's events as a log."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

out = Console()


def export(
    folder: Annotated[Path, typer.Option("--out", help="The log's folder, a new one.")],
    until: Annotated[
        datetime | None, typer.Option(help="Received by then, in UTC; else now.")
    ] = None,
) -> None:
    """Write the service's events as a log that `frein train` reads."""
    from serving.app.startup import opened
    from serving.events.export_log import export_log
    from serving.runtime.settings import Settings

    instant = until.replace(tzinfo=UTC) if until else datetime.now(UTC)
    with opened(Settings()) as service:
        n_events = export_log(service.store, service.pipeline, instant, folder)
    out.print(f"{n_events:,} events: {folder}", highlight=False)
