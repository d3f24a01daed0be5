"""`frein keys`: create, list, reviewed, rotate, revoke."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from rich.table import Table

from features.event import Actor
from serving.cli.service import open_service, out
from serving.cli.sign_in import Officer, TokenFile, accounts_officer

_UNITS = {"d": timedelta(days=1), "h": timedelta(hours=1)}

keys = typer.Typer(help="The API keys.", no_args_is_help=True)


@keys.command("create")
def create_key(  # noqa: PLR0913, PLR0917 - each is an option
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
            "vouch tells who did so, backfill tells when an event was received, "
            "privacy forgets leads, exports what is held of them and notes objections; "
            "no key has both privacy and moves."
        ),
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=3650, help="Its validity.")] = 90,
    address: Annotated[
        list[str] | None,
        typer.Option(help="A network that it may call from: 192.0.2.0/24."),
    ] = None,
    by: Officer = None,
    token_file: TokenFile = None,
) -> None:
    """Create a key and print it, this once: only its hash is kept.

    An administrator signs in, once there is one.
    """
    from serving.auth.api_keys import NewApiKey, issue_key

    now = datetime.now(UTC)
    wish = NewApiKey(
        name=name,
        source=source,
        max_actor=max_actor,
        default_actor=default_actor,
        scopes=None if not scope else frozenset(scope),
        expires_at=now + timedelta(days=days),
        addresses=tuple(address or ()),
    )
    with open_service() as service:
        who = accounts_officer(service, by, token_file)
        typer.echo(issue_key(service.store, wish, now, who))


@keys.command("list")
def list_keys() -> None:
    """List the keys; never their secrets."""
    from serving.repositories.api_keys import all_keys

    with open_service() as service, service.store.reading() as session:
        stored = all_keys(session)
    table = Table(
        *("id", "name", "source", "actor", "scopes"),
        *("expires", "revoked", "last used", "from"),
    )
    table.columns[0].min_width = 8  # `revoke` asks for it whole
    for key in stored:
        table.add_row(
            key.id,
            key.name,
            key.source,
            key.max_actor.value,
            " ".join(sorted(key.scopes)),
            _day(key.expires_at),
            _day(key.revoked_at),
            _day(key.last_used_at),
            " ".join(key.addresses),
        )
    out.print(table)


@keys.command("reviewed")
def list_reviewed() -> None:
    """List what an upgrade of the store gave to older keys, and took from them.

    Revision 0013 left each what it had used.
    """
    from serving.repositories.api_keys import key_reviews

    with open_service() as service, service.store.reading() as session:
        reviews = key_reviews(session)
    if not reviews:
        out.print("No key is older than revision 0013.")
        return
    table = Table("id", "name", "given", "taken", "actor before", "actor", "revoked")
    table.columns[0].min_width = 8
    for review in reviews:
        table.add_row(
            review.key.id,
            review.key.name,
            " ".join(sorted(review.given)),
            " ".join(sorted(review.taken)),
            review.was_max_actor.value,
            review.max_actor.value,
            _day(review.key.revoked_at),
        )
    out.print(table)


@keys.command("revoke")
def revoke(
    key_id: str,
    by: Officer = None,
    token_file: TokenFile = None,
) -> None:
    """Revoke a key, at once."""
    from serving.auth.api_keys import withdraw_key

    with open_service() as service:
        who = accounts_officer(service, by, token_file)
        withdraw_key(service.store, key_id, datetime.now(UTC), who)
    out.print(f"Key {key_id} is revoked.")


@keys.command("rotate")
def rotate(
    key_id: str,
    overlap: Annotated[
        str, typer.Option(help="How long the old one still opens: 7d, 12h.")
    ] = "7d",
    by: Officer = None,
    token_file: TokenFile = None,
) -> None:
    """Print a new key like another, which ends after a while."""
    from serving.auth.api_keys import rotate_key

    with open_service() as service:
        who = accounts_officer(service, by, token_file)
        now = datetime.now(UTC)
        typer.echo(rotate_key(service.store, key_id, _length(overlap), now, who))


def _length(text: str) -> timedelta:
    number, unit = text[:-1], _UNITS.get(text[-1:])
    if unit is None or not number.isdecimal():
        raise typer.BadParameter(f"{text!r}: 7d and 12h are lengths")
    return int(number) * unit


def _day(instant: datetime | None) -> str:
    return "" if instant is None else f"{instant:%Y-%m-%d}"
