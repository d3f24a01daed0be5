"""`frein proposals`: list, confirm, dismiss."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from serving.cli.service import champion_if_any, err, open_service, out
from serving.cli.sign_in import Login, TokenFile, person_signed_in

if TYPE_CHECKING:
    from governance.people.principal import Principal
    from serving.runtime.service import Service

proposals = typer.Typer(help="What waits for a person.", no_args_is_help=True)

BreakGlass = Annotated[
    str | None,
    typer.Option(
        metavar="REASON",
        help="An administrator decides for want of anybody else; the manager is told.",
    ),
]


@proposals.command("list")
def list_proposals(
    every: Annotated[bool, typer.Option("--all", help="Decided ones too.")] = False,
) -> None:
    """List what waits for a person."""
    from governance.policy.effects import ProposalStatus
    from serving.repositories.proposals import all_proposals

    with open_service() as service, service.store.reading() as session:
        listed = all_proposals(session, None if every else ProposalStatus.OPEN)
    for proposal in listed:
        ending = "open"
        if proposal.decided_by:
            ending = f"{proposal.status.value} by {proposal.decided_by}"
        origin, to = proposal.from_stage, proposal.to_stage
        if proposal.to_priority is not None:
            origin, to = proposal.from_priority or "–", proposal.to_priority
        if proposal.concession_percent is not None:
            origin, to = "concession", f"{proposal.concession_percent:g} %"
        typer.echo(f"{proposal.id}  {proposal.lead_id}: {origin} → {to}, {ending}")


@proposals.command("confirm")
def confirm_proposal(
    proposal_id: UUID,
    login: Login = None,
    token_file: TokenFile = None,
    break_glass: BreakGlass = None,
    reason: Annotated[str | None, typer.Option(help="Why.")] = None,
    lost_reason: Annotated[
        str | None, typer.Option(help="Why the lead is lost: a name of the list.")
    ] = None,
) -> None:
    """Make the move that is proposed, signed by the person who signs in."""
    from serving.audit.trace import StatedReason
    from serving.decisions.proposals import confirm

    with open_service(champion_if_any()) as service:
        who = _decider(service, proposal_id, (login, token_file), break_glass)
        why = StatedReason(reason=lost_reason, text=reason)
        change = confirm(service, proposal_id, who, why, datetime.now(UTC))
    out.print(f"{change.origin} → {change.to}, decided by {who.name}.")


@proposals.command("dismiss")
def dismiss_proposal(
    proposal_id: UUID,
    reason: Annotated[str, typer.Option(help="Why: one is needed.")],
    login: Login = None,
    token_file: TokenFile = None,
    break_glass: BreakGlass = None,
) -> None:
    """Dismiss a proposal, with a reason, signed by the person who signs in."""
    from serving.decisions.proposals import dismiss

    with open_service() as service:
        who = _decider(service, proposal_id, (login, token_file), break_glass)
        dismiss(service, proposal_id, who, reason, datetime.now(UTC))
    out.print(f"Dismissed by {who.name}.")


def _decider(
    service: "Service",
    proposal_id: UUID,
    sign_in: tuple[str | None, Path | None],
    emergency: str | None,
) -> "Principal":
    from serving.decisions.break_glass import break_glass
    from serving.decisions.proposals import refuse_as_decider

    person = person_signed_in(service, *sign_in)
    refuse_as_decider(service.store, person, proposal_id)
    if emergency is None:
        return person.principal
    by = break_glass(service, person, proposal_id, emergency, datetime.now(UTC))
    err.print("The manager is told, by a task on the lead.")
    return by
