"""`frein backup` and `frein restore`."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from serving.cli.service import open_service, out

backups = typer.Typer()


@backups.command("backup")
def backup(
    to: Annotated[Path, typer.Argument(help="The file to write, a new one.")],
) -> None:
    """Save the store with its anchors and keys in one file; services go on meanwhile.

    The file is a secret: it holds all data, and the key that signs anchors.
    """
    from serving.backup.archive import back_up

    with open_service() as service:
        folder = service.settings.anchors_folder
        label = back_up(service.store, folder, to, datetime.now(UTC))
    out.print(
        f"{label.rows['lead']:,} leads, {label.rows['event']:,} events and "
        f"{label.rows['audit']:,} rows of the audit: {to}",
        highlight=False,
    )


@backups.command("restore")
def restore_store(
    source: Annotated[Path, typer.Argument(metavar="FROM", help="A backup's file.")],
    verify: Annotated[
        bool,
        typer.Option("--verify", help="First look at every page and row of the audit."),
    ] = False,
) -> None:
    """Put a backup in the store's place, all at once; stop the services first.

    Anchors that were there stay beside the restored ones. What came after the backup is
    gone, and the audit says so.
    """
    from serving.backup.restore import restore
    from serving.runtime.settings import Settings

    settings = Settings()
    label = restore(
        settings.database_url,
        settings.anchors_folder,
        source,
        datetime.now(UTC),
        verify=verify,
    )
    out.print(
        f"Restored as of {label.at:%Y-%m-%d %H:%M}Z: {label.rows['lead']:,} leads, "
        f"{label.rows['event']:,} events.",
        highlight=False,
    )
