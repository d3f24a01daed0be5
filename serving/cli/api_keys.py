"""`frein keys`: create, list, revoke."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from rich.table import Table

from features.event import Actor
from serving.cli.service import open_service, out

keys = typer.Typer(help="The API keys.", no_args_is_help=True)


@keys.command("create")
def create_key(
    name: Annotated[str, typer.Argument(help="Whose key it is.")],
    source: Annotated[str, typer.Option(help="The source that it speaks for.")],
    max_actor: Annotated[
        Actor, typer.Option(help="The most that it may say acted.")
    ] = Actor.AUTOMATION,
    default_actor: Annotated[
        Actor, typer.Option(help="Who acted, when an event doesn't say.")
    ] = Actor.LEAD,
    scope: Annotated[
        list[str] | None,
        typer.Option(
            help="What it may do: events, scores, leads (the usual ones, without "
            "this option); moves asks for changes, stages tells of stages and ends, "
            "vouch tells who did so, backfill tells when an event was received."
        ),
    ] = None,
    days: Annotated[int | None, typer.Option(min=1, help="Its validity.")] = None,
) -> None:
    """Create a key and print it, this once: only its hash is kept."""
    from serving.auth.api_keys import NewApiKey, issue_key

    now = datetime.now(UTC)
    wish = NewApiKey(
        name=name,
        source=source,
        max_actor=max_actor,
        default_actor=default_actor,
        scopes=None if not scope else frozenset(scope),
        expires_at=None if days is None else now + timedelta(days=days),
    )
    with open_service() as service:
        typer.echo(issue_key(service.store, wish, now))


@keys.command("list")
def list_keys() -> None:
    """List the keys; never their secrets."""
    from serving.repositories.api_keys import all_keys

    with open_service() as service, service.store.reading() as session:
        stored = all_keys(session)
    table = Table("id", "name", "source", "actor", "scopes", "expires", "revoked")
    table.columns[0].overflow = "fold"  # `revoke` asks for it whole
    for key in stored:
        table.add_row(
            key.id,
            key.name,
            key.source,
            key.max_actor.value,
            " ".join(sorted(key.scopes)),
            _day(key.expires_at),
            _day(key.revoked_at),
        )
    out.print(table)


@keys.command("revoke")
def revoke(key_id: str) -> None:
    """Revoke a key, at once."""
    from serving.auth.api_keys import withdraw_key

    with open_service() as service:
        withdraw_key(service.store, key_id, datetime.now(UTC))
    out.print(f"Key {key_id} is revoked.")


def _day(instant: datetime | None) -> str:
    return "" if instant is None else f"{instant:%Y-%m-%d}"
