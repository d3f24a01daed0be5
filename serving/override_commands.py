"""`frein overrides report`: where people disagree with the system most."""

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

overrides = typer.Typer(help="What people say of the system.", no_args_is_help=True)
out = Console()


@overrides.callback()
def _named() -> None:
    """What people say of the system."""


@overrides.command("report")
def tell_report(
    since: Annotated[
        datetime | None, typer.Option(help="In UTC; else from the beginning.")
    ] = None,
    segment: Annotated[
        str | None, typer.Option(help="An attribute of leads; else the catalogue's.")
    ] = None,
) -> None:
    """By rule, idea and segment, never by person; the surest disagreement first."""
    from features.catalogue import read_catalogue, shipped_catalogue
    from serving.opening import opened
    from serving.overrides_report import report
    from serving.settings import Settings

    attribute = segment or read_catalogue(shipped_catalogue("b2b")).segment
    instant = since.replace(tzinfo=UTC) if since else None
    with opened(Settings()) as service:
        found = report(service.store, attribute, instant)
    name = Column("name", overflow="fold")
    table = Table("by", name, "said no", "of", "at least (95 %)")
    for one in found:
        at_least = f"{one.at_least:.0%}"
        table.add_row(
            one.by.value, one.name, str(one.contested), str(one.judged), at_least
        )
    out.print(table)
