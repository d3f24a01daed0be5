"""A person decides on a priority that automation proposed."""

from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

from governance.decision import CloseProposal, ProposalStatus, Requalify
from governance.override import OverrideKind, own_event
from governance.policy import Clause
from serving.moves import MoveMade
from serving.plans import Plan, Seen, Wish
from serving.proposals import Proposal
from serving.recording import record
from serving.service import Service


def requalify(
    service: Service,
    proposal: Proposal,
    ending: CloseProposal,
    only_if: Callable[[Seen], None],
    now: datetime,
) -> MoveMade:
    """Give the lead the priority that was proposed, or, dismissed, the one it has.

    Either way a person has decided: the log tells it, and automation may go on.
    """
    decision = uuid4()

    def plan(seen: Seen) -> Plan:
        only_if(seen)
        origin = seen.leads[proposal.lead_id].priority
        is_confirmed = ending.status is ProposalStatus.CONFIRMED
        to = proposal.to_priority if is_confirmed else origin
        assert to is not None  # a lead without a priority has none proposed
        made = Requalify(
            id=decision,
            origin=origin,
            to=to,
            signer=ending.by,
            proposal_id=proposal.id,
        )
        effects = (made, ending) if is_confirmed else (ending,)
        told = own_event(
            uuid4(),
            proposal.lead_id,
            OverrideKind.PRIORITY_CONFIRMED.value,
            ending.by,
            {"priority": to.value},
            now,
        )
        return Plan(
            arrivals=(told,),
            effects=tuple((proposal.lead_id, effect) for effect in effects),
        )

    wish = Wish(lead_ids=frozenset({proposal.lead_id}), plan=plan)
    recorded = record(service, wish, now)
    before = recorded.seen.leads[proposal.lead_id]
    lead = recorded.leads[proposal.lead_id]
    return MoveMade(
        decision_id=decision,
        origin=before.priority or "",
        to=lead.priority or "",
        clause=Clause.PERSON_DECIDES,
        score=recorded.scores.get(proposal.lead_id),
    )
