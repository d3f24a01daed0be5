"""`frein proposals`: list, confirm, dismiss."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from serving.cli.service import champion_if_any, open_service, out

if TYPE_CHECKING:
    from governance.people.principal import Principal
    from serving.runtime.service import Service

proposals = typer.Typer(help="What waits for a person.", no_args_is_help=True)

Login = Annotated[str, typer.Option("--as", help="The login of who decides.")]


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
    person: Login,
    reason: Annotated[str | None, typer.Option(help="Why.")] = None,
    lost_reason: Annotated[
        str | None, typer.Option(help="Why the lead is lost: a name of the list.")
    ] = None,
) -> None:
    """Make the move that is proposed, signed by a person."""
    from serving.audit.trace import StatedReason
    from serving.decisions.proposals import confirm

    now = datetime.now(UTC)
    with open_service(champion_if_any()) as service:
        who = _decider(service, person, proposal_id)
        why = StatedReason(reason=lost_reason, text=reason)
        change = confirm(service, proposal_id, who, why, now)
    out.print(f"{change.origin} → {change.to}, decided by {who.name}.")


@proposals.command("dismiss")
def dismiss_proposal(
    proposal_id: UUID,
    person: Login,
    reason: Annotated[str, typer.Option(help="Why: one is needed.")],
) -> None:
    """Dismiss a proposal, with a reason."""
    from serving.decisions.proposals import dismiss

    with open_service() as service:
        who = _decider(service, person, proposal_id)
        dismiss(service, proposal_id, who, reason, datetime.now(UTC))
    out.print(f"Dismissed by {who.name}.")


def _decider(service: "Service", login: str, proposal_id: UUID) -> "Principal":
    from serving.auth.accounts import active_person
    from serving.decisions.proposals import refuse_as_decider

    with service.store.reading() as session:
        person = active_person(session, login)
    refuse_as_decider(service.store, person, proposal_id)
    return person.principal
