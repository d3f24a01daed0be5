"""`frein mlflow`: MLflow's own pages on the project's store."""

import os
import sys
from typing import Annotated

import typer
from rich.console import Console

LOOPBACK = "127.0.0.1"  # MLflow asks nobody who they are

pages = typer.Typer()
out = Console()


@pages.command("mlflow")
def open_pages(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Of 127.0.0.1.")] = 5000,
) -> None:
    """Serve MLflow's pages on the project's store, to this machine alone."""
    from training.registry.registry import connect, tracking_uri

    connect()
    uri = tracking_uri()
    if uri.startswith(("http:", "https:")):
        out.print(f"The store is a server, which has its own pages: {uri}")
        return
    out.print(f"http://{LOOPBACK}:{port}, until Ctrl-C", highlight=False)
    sys.stdout.flush()
    program = [sys.executable, "-m", "mlflow", "server", "--workers", "1"]
    where = ["--backend-store-uri", uri, "--host", LOOPBACK, "--port", str(port)]
    os.execv(sys.executable, [*program, *where])
