"""`frein demo`: a log, a model and leads are made; the brake is shown."""

from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress, TaskID

from data.commands import generate_log
from serving.cli.service import champion, err, open_service, out
from training.cli.train import train_model

DEMO_LOG = "logs/demo"
KEY_TO_KEEP, KEY_OF_A_LOOK = "demo CRM", "demo, first look"


def demo(
    prepare_only: Annotated[
        bool, typer.Option("--prepare-only", help="Stop before the service starts.")
    ] = False,
) -> None:
    """Demo log, model and leads; then five leads to call first, and the brake.

    What is there already is kept: the log, the champion, the leads in the store.
    """
    if not Path(DEMO_LOG).exists():
        yesterday = datetime.now(UTC) - timedelta(days=1)
        generate_log(DEMO_LOG, end=yesterday)
    ensure_champion()
    key = _load_leads(KEY_TO_KEEP if prepare_only else KEY_OF_A_LOOK)
    if prepare_only:
        out.print(f"API key of the demo CRM: {key}", highlight=False, soft_wrap=True)
        _open_accounts()
    else:
        _show(key)


def ensure_champion() -> None:
    from explanations.errors import ModelRejectedError
    from training.promotion.promotion import install
    from training.registry.registry import has_champion

    if not has_champion():
        train_model(DEMO_LOG)
        return
    try:
        champion()
    except ModelRejectedError as error:
        err.print(f"The champion is refused ({error}): training another.")
        reason = "the champion before it was refused"
        install(train_model(DEMO_LOG), reason, now=datetime.now(UTC))


def _load_leads(key_name: str) -> str:
    """Load the demo's open leads where they are missing; a new key of that name.

    They come in two strokes, as of yesterday and of now, so that something changed
    since; then what the CRM may not do waits for a person.
    """
    from features.event import Actor
    from features.log import read_log
    from serving.auth.api_keys import NewApiKey, replace_key
    from serving.demo.pending_decisions import answer_late, leave_decisions
    from serving.demo.people import OWNERS
    from serving.events.import_log import (
        known_between,
        load_leads,
        missing_leads,
        open_leads,
    )
    from serving.repositories.api_keys import USUAL_SCOPES, Scope

    now = datetime.now(UTC)
    with open_service() as service:
        log = read_log(DEMO_LOG)
        missing = missing_leads(service, open_leads(log))
        if missing:
            service.models.replace(champion())
            yesterday = now - timedelta(days=1)
            for since, until in ((None, yesterday), (yesterday, now)):
                with Progress(console=err, transient=True) as bar:
                    task = bar.add_task("Scoring the open leads", total=len(missing))
                    load_leads(
                        service,
                        known_between(log, since, until),
                        missing,
                        until,
                        partial(_note_done, bar, task),
                    )
            for owner in OWNERS:
                leave_decisions(service, owner, now)
                answer_late(service, owner, now)
        wish = NewApiKey(
            name=key_name,
            source="crm",
            max_actor=Actor.PERSON,
            default_actor=Actor.LEAD,
            scopes=USUAL_SCOPES | {Scope.MOVES, Scope.STAGES},
            expires_at=None,
        )
        return replace_key(service.store, wish, now)


def _note_done(bar: Progress, task: TaskID, done: int) -> None:
    bar.update(task, completed=done)


def _open_accounts() -> None:
    from serving.demo.people import PASSWORD, open_accounts

    with open_service() as service:
        logins = open_accounts(service.store, datetime.now(UTC))
    out.print(
        f"The console: {service.settings.address}, as {', '.join(logins)}; "
        f"password {PASSWORD}",
        highlight=False,
        soft_wrap=True,
    )


def _show(key: str) -> None:
    from serving.demo.client import RESERVED, look, running_service
    from serving.runtime.settings import Settings

    with running_service() as address:
        seen = look(address, key, top=5)
    for lead in seen.leads:
        score = lead["score"]
        out.rule(f"{lead['lead_id']} · {score['score']:.0f}/100 · {lead['owner']}")
        out.print(score["narrative"]["text"], highlight=False, markup=False)
    out.rule("the brake")
    out.print(
        f"POST /v1/leads/{seen.tried_on}/stage-moves "
        f'{{"to": "{RESERVED}"}}, with the key:\n'
        f"{seen.refusal_status} {seen.refusal['code']}",
        highlight=False,
        markup=False,
    )
    out.print(seen.refusal["detail"], highlight=False, markup=False)
    if seen.refusal["code"] != "reserved_for_people":
        raise typer.Exit(1)
    address = Settings().address
    out.print(f"\n`make serve` stays up, on {address}.", highlight=False)
