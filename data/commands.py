"""`frein data`: bring a log in, or make one up."""

import os
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

data = typer.Typer(help="Logs of events: import, generate.", no_args_is_help=True)
out = Console()
err = Console(stderr=True)

NewLog = Annotated[
    str, typer.Option("--out", help="A new log: a folder, or s3://bucket/prefix.")
]


@data.command("import")
def import_log(
    source: Annotated[
        Path,
        typer.Argument(
            help="CSV, JSON Lines or XES, plain or gzipped; Parquet; Excel."
        ),
    ],
    mapping: Annotated[Path, typer.Option(help="What its columns mean (TOML).")],
    folder: Annotated[Path, typer.Option("--out", help="The log's folder, a new one.")],
    max_rejected: Annotated[
        float, typer.Option(min=0, max=1, help="Give up over this share of rows.")
    ] = 0.05,
) -> None:
    """Import events, or leads, from a file; rejected rows keep their line and why."""
    from data.importing.importer import REJECTED_FILE, import_file
    from data.importing.mapping import load_mapping

    read = load_mapping(mapping)
    with err.status("Reading…") as status:
        counts = import_file(
            source, read, folder, max_rejected=max_rejected, progress=status.update
        )
    out.print(str(counts), highlight=False, markup=False)
    if counts.rejected:
        where = f"each rejected row and why: {folder / REJECTED_FILE}"
        out.print(where, highlight=False, markup=False, soft_wrap=True)


@data.command("generate")
def generate_log(
    out_log: NewLog,
    leads: Annotated[int, typer.Option(help="How many leads.")] = 10_000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same log.")] = 7,
    end: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="The log's last day."),
    ] = None,
) -> None:
    """Make up a log of French B2B leads, with the truth beside it."""
    from data.generate import END, generate

    with Progress(console=err, transient=True) as progress:
        task = progress.add_task("Generating leads", total=leads)
        log = generate(
            out_log,
            leads=leads,
            seed=seed,
            end=end.date() if end else END,
            workers=len(os.sched_getaffinity(0)),
            progress=lambda done: progress.update(task, completed=done),
        )
    rate = "-" if log.win_rate is None else f"{log.win_rate:.1%}"
    out.print(
        f"{out_log}: {log.leads:,} leads, {log.events:,} events, won: {rate}",
        highlight=False,
        soft_wrap=True,
    )


@data.command("partition")
def partition(
    log: Annotated[str, typer.Argument(help="A log: a folder, or s3://bucket/prefix.")],
    buckets: Annotated[
        int | None, typer.Option(min=1, max=10_000, help="Else by the log's size.")
    ] = None,
) -> None:
    """Deal a log's leads to buckets, in place; of a log in one file it makes a dataset.

    Killed at any time it leaves the log as it was, or as it is to be.
    """
    from features.log import partition_log

    with err.status("Dealing leads to buckets…"):
        n_buckets = partition_log(log, buckets)
    noun = "bucket" if n_buckets == 1 else "buckets"
    out.print(f"{log}: {n_buckets:,} {noun}", highlight=False, soft_wrap=True)
