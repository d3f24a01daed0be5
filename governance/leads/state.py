"""A lead as the service knows it, and how an observed event changes that."""

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Self
from uuid import UUID

from explanations.reason import Past
from explanations.score import Ending, Priority
from features.event import Event
from features.lead_id import is_unseen
from governance.audit.chain import id_of, new_salt
from governance.leads.sign_of_life import is_sign_of_life
from governance.people.assurance import Assurance, assurance_of, vouched_of
from governance.people.crm_users import one_form
from governance.people.overrides import OWN_SOURCE
from governance.people.privacy import PrivacyKind, PrivacyWishes
from governance.policy.pipeline import Pipeline, StageRole
from governance.policy.removal import REMOVAL_KINDS, Removal, removal_told
from governance.rules.history import History

# Kinds that say where an opportunity ended, in the words of `features.log`.
_OUTCOMES = {"won": StageRole.WON, "lost": StageRole.ABANDONED}
_MOVED = "stage_changed"
STAGE_KINDS = frozenset({_MOVED, *_OUTCOMES})  # that move a stage or end a lead
# That move a stage, end a lead, or say what became of it elsewhere.
ENDING_KINDS = STAGE_KINDS | REMOVAL_KINDS
_MAX_OWNER = 200
_WISHES = frozenset(PrivacyKind)


@dataclass(frozen=True, slots=True)
class WaitingProposal:
    """An open proposal, of a stage, a priority or a concession, and the task that calls
    for its decision."""

    id: UUID
    to: str
    task_id: UUID | None
    is_priority: bool = False
    percent: float | None = None  # of a concession


@dataclass(frozen=True, slots=True)
class PastScore:
    """The latest score of a lead, and the digest of the model that gave it."""

    past: Past
    model_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadState:
    """`version` 0: not stored yet. `stage_at`: when the stage was last seen to change.

    An older observation that arrives late changes neither stage nor owner.
    `stage_assurance`: how it is known that a person brought the lead to its stage; None
    of a history that was loaded. `signed_stage`: the last that a person signed here;
    `vouched_stage`: the last that a key has vouched for since then. `observed_stage`:
    where another system says that the lead is, against these, since `observed_at`.
    `band` is the priority that the last score called for, `priority` the one that now
    stands.
    `looked_at`: by the tick, last. `last_sign_at`: the last sign of the lead's life.
    `entered_at`: when its first event occurred. With `salt` the `lead_id` gives the id.
    `wishes`: what the person said of their data. `removal`: what became of the lead
    elsewhere, since `removed_at`, which is when it was restored if it was; a merged one
    is part of another, the `survivor` by its CRM's id.
    """

    id: UUID
    lead_id: str
    version: int
    stage: str
    stage_at: datetime | None = None
    stage_assurance: Assurance | None = None
    signed_stage: str | None = None
    vouched_stage: str | None = None
    observed_stage: str | None = None
    observed_at: datetime | None = None
    owner: str | None = None
    owner_at: datetime | None = None
    priority: Priority | None = None
    band: Priority | None = None
    looked_at: datetime | None = None
    last_sign_at: datetime | None = None
    entered_at: datetime | None = None
    past: PastScore | None = None
    salt: str | None = None
    wishes: PrivacyWishes = field(default_factory=PrivacyWishes)
    removal: Removal | None = None
    removed_at: datetime | None = None
    merged_into: UUID | None = None
    survivor: str | None = None
    history: History = field(default_factory=History)
    waiting: tuple[WaitingProposal, ...] = ()

    @classmethod
    def unknown(cls, lead_id: str, pipeline: Pipeline) -> Self:
        """A lead of which nothing is stored."""
        salt = new_salt()
        return cls(
            id=id_of(salt, lead_id),
            lead_id=lead_id,
            version=0,
            stage=pipeline.entry,
            salt=salt,
        )

    @property
    def is_unscored(self) -> bool:
        """Is no score made of it, and does no automation act?"""
        return self.wishes.has_objected or self.removal is not None

    def with_merged(self, merged: "LeadState") -> Self:
        """The lead once another is part of it."""
        signs = [at for at in (self.last_sign_at, merged.last_sign_at) if at]
        begun = [at for at in (self.entered_at, merged.entered_at) if at]
        return replace(
            self,
            wishes=self.wishes.and_of(merged.wishes),
            last_sign_at=max(signs, default=None),
            entered_at=min(begun, default=None),
        )

    def proposal_to(self, stage: str) -> WaitingProposal | None:
        moves = (
            proposal
            for proposal in self.waiting
            if not proposal.is_priority and proposal.percent is None
        )
        return next((move for move in moves if move.to == stage), None)

    def priority_of(self, priority: Priority) -> WaitingProposal | None:
        bands = (proposal for proposal in self.waiting if proposal.is_priority)
        return next((band for band in bands if band.to == priority), None)

    def concession_of(self, percent: float) -> WaitingProposal | None:
        known = (proposal for proposal in self.waiting if proposal.percent == percent)
        return next(known, None)


@dataclass(frozen=True, slots=True)
class StageSeen:
    """An event that tells a stage, and the lead before it and with it."""

    event: Event
    before: LeadState
    after: LeadState

    @property
    def has_moved(self) -> bool:
        return self.before.stage != self.after.stage

    @property
    def contradicts(self) -> bool:
        """Does it say, for the first time, a stage that undoes what a person said?"""
        observed = self.after.observed_stage
        return observed is not None and observed != self.before.observed_stage

    @property
    def ends_contradiction(self) -> bool:
        return self.before.observed_stage is not None and (
            self.after.observed_stage is None
        )


def state_after(
    state: LeadState,
    events: Iterable[Event],
    pipeline: Pipeline,
    history_until: datetime | None = None,
) -> LeadState:
    """The state once these events are known, in any order.

    Of what occurred by `history_until` nobody asks who did it.
    """
    for event in sorted(events, key=lambda event: event.occurred_at):
        stage = stage_told(event, pipeline)
        if stage is not None:
            state = _at_stage(state, event, stage, pipeline, history_until)
        if tells_owner(event) and _is_news(event, state.owner_at):
            state = replace(state, owner=owner_told(event), owner_at=event.occurred_at)
        if event.kind in REMOVAL_KINDS:
            state = _removed(state, event)
        if event.kind in _WISHES:
            state = replace(state, wishes=state.wishes.after(event))
        if is_sign_of_life(event) and _is_news(event, state.last_sign_at):
            state = replace(state, last_sign_at=event.occurred_at)
        if state.entered_at is None or event.occurred_at < state.entered_at:
            state = replace(state, entered_at=event.occurred_at)
    return state


def _removed(state: LeadState, event: Event) -> LeadState:
    """The state once another system has told what became of the lead: a merger is for
    good, whenever it is told."""
    is_merged = state.removal is Removal.MERGED
    is_news = removal_told(event) is Removal.MERGED or _is_news(event, state.removed_at)
    if is_merged or event.source == OWN_SOURCE or not is_news:
        return state
    return replace(state, removal=removal_told(event), removed_at=event.occurred_at)


def _at_stage(
    state: LeadState,
    event: Event,
    stage: str,
    pipeline: Pipeline,
    history_until: datetime | None,
) -> LeadState:
    """The state once an event has told a stage.

    An observation never takes the place of what it would undo of a person's word: it
    stands beside it.
    """
    is_own = event.source == OWN_SOURCE
    if not _is_news(event, state.stage_at):
        return state
    if contradicts(state, event, pipeline):
        if not _is_news(event, state.observed_at):
            return state
        return replace(state, observed_stage=stage, observed_at=event.occurred_at)
    assurance = _assurance_after(state, event, stage, history_until)
    is_signed = is_own and assurance is Assurance.SIGNED
    is_vouched = assurance is Assurance.VOUCHED and vouched_of(event) is not None
    vouched = None if is_signed else state.vouched_stage
    agrees = is_own or _is_news(event, state.observed_at)
    return replace(
        state,
        stage=stage,
        stage_at=told_at(event),
        stage_assurance=assurance,
        signed_stage=stage if is_signed else state.signed_stage,
        vouched_stage=stage if is_vouched else vouched,
        observed_stage=None if agrees else state.observed_stage,
        observed_at=None if agrees else state.observed_at,
    )


def _assurance_after(
    state: LeadState, event: Event, stage: str, history_until: datetime | None
) -> Assurance | None:
    """What is told again of the stage at which the lead stands takes nothing away."""
    is_history = history_until is not None and event.occurred_at <= history_until
    assurance = None if is_history else assurance_of(event)
    is_told_again = stage == state.stage and state.stage_at is not None
    if not is_told_again or assurance is Assurance.SIGNED:
        return assurance
    is_surer = assurance is Assurance.VOUCHED
    is_signed = state.stage_assurance is Assurance.SIGNED
    return assurance if is_surer and not is_signed else state.stage_assurance


def contradicts(state: LeadState, event: Event, pipeline: Pipeline) -> bool:
    """Is it an observation that would undo what a person signed, or what a key vouched
    for? Whom a key vouches for may take back what they said in the CRM."""
    stage = stage_told(event, pipeline)
    is_observed = stage is not None and event.source != OWN_SOURCE
    if not (is_observed and _is_news(event, state.stage_at)):
        return False
    standing = (
        state if vouched_of(event) is None else replace(state, vouched_stage=None)
    )
    return undoes_word(standing, str(stage), pipeline)


def undoes_word(state: LeadState, to: str, pipeline: Pipeline) -> bool:
    """Would a stage go back on what a person signed, or a key vouched for? To go on is
    no contradiction."""
    words = {state.signed_stage, state.vouched_stage} - {None, to}
    return any(_goes_back(str(word), to, pipeline) for word in words)


def _goes_back(word: str, to: str, pipeline: Pipeline) -> bool:
    stands = pipeline.by_name.get(word)  # None: it has left the file
    return (stands is not None and stands.closes) or pipeline.is_backwards(word, to)


def stages_seen(
    state: LeadState,
    events: Iterable[Event],
    pipeline: Pipeline,
    history_until: datetime | None = None,
) -> Iterator[StageSeen]:
    """Each event that tells a stage and changes what is known of the lead's, in the
    order they occurred; even if another came after in the same call."""
    for event in sorted(events, key=lambda event: event.occurred_at):
        before = state
        state = state_after(state, [event], pipeline, history_until)
        if _stage_known(state) != _stage_known(before):
            yield StageSeen(event, before, state)


def _stage_known(state: LeadState) -> tuple[str, Assurance | None, str | None]:
    return state.stage, state.stage_assurance, state.observed_stage


def is_answered(seen: StageSeen, pipeline: Pipeline) -> bool:
    """Did a person make a reserved move elsewhere, as a key vouches? Then a proposal of
    it waits for nobody."""
    is_vouched = seen.after.stage_assurance is Assurance.VOUCHED
    return is_vouched and pipeline.named(seen.after.stage).reserved


def is_to_confirm(state: LeadState, pipeline: Pipeline) -> bool:
    """Does the lead stand at a reserved stage to which nobody known brought it?"""
    return is_unconfirmed(state.stage, state.stage_assurance, pipeline)


def is_unconfirmed(stage: str, assurance: str | None, pipeline: Pipeline) -> bool:
    """Is a stage reserved, and is it by nobody known that a lead stands there?"""
    known = pipeline.by_name.get(stage)  # None: it has left the file
    is_reserved = known is not None and known.reserved
    return is_reserved and assurance == Assurance.AUTOMATION


def is_at_rest(state: LeadState, pipeline: Pipeline) -> bool:
    """Did the lead end, or was it removed, so that nothing waits for a person there any
    more?"""
    has_ended = ending_of(state, pipeline) is not None
    return state.removal is not None or (
        has_ended and not is_to_confirm(state, pipeline)
    )


def is_bound(state: LeadState, pipeline: Pipeline) -> bool:
    """Was something said of the lead, or does something wait there, that the brake
    looks at? Then it becomes no part of another without a person."""
    stage = pipeline.by_name.get(state.stage)  # None: it has left the file
    is_reserved = stage is None or stage.reserved or stage.closes
    words = (state.signed_stage, state.vouched_stage, state.observed_stage)
    is_held = bool(state.waiting) or state.history.is_suspended
    return is_reserved or is_held or any(word is not None for word in words)


def is_closed(state: LeadState, pipeline: Pipeline) -> bool:
    """Is the lead's open life over, so that no automation acts?"""
    return state.removal is not None or ending_of(state, pipeline) is not None


def endings(leads: Iterable[LeadState], pipeline: Pipeline) -> dict[str, Ending]:
    """How each of the leads ended that did, by the CRM's identifier."""
    ended = ((lead.lead_id, ending_of(lead, pipeline)) for lead in leads)
    return {name: ending for name, ending in ended if ending is not None}


def ending_of(state: LeadState, pipeline: Pipeline) -> Ending | None:
    """How the lead ended; None: it is open."""
    if state.stage == pipeline.of_role(StageRole.WON):
        return Ending.WON
    return Ending.LOST if state.stage == pipeline.of_role(StageRole.ABANDONED) else None


def read_by_model(
    events: Mapping[str, Iterable[Event]], ended: Container[str], pipeline: Pipeline
) -> list[Event]:
    """The events of some leads; of those that `ended`, all but their end: no model has
    learnt from one, it explains nothing, and the score stays what it was."""
    return [
        event
        for name, known in events.items()
        for event in known
        if name not in ended or not _ends(event, pipeline)
    ]


def _ends(event: Event, pipeline: Pipeline) -> bool:
    stage = stage_told(event, pipeline)
    return stage is not None and pipeline.by_name[stage].closes


def stage_told(event: Event, pipeline: Pipeline) -> str | None:
    """The stage that an event says the lead now has; None: it says none we know."""
    if event.kind in _OUTCOMES:
        return pipeline.of_role(_OUTCOMES[event.kind])
    to = event.data.get("to") if event.kind == _MOVED else None
    return pipeline.present_name(to) if isinstance(to, str) else None


def told_at(event: Event) -> datetime:
    """Until when older observations are none: what people say here counts from then,
    though it be of an earlier time."""
    if event.source != OWN_SOURCE:
        return event.occurred_at
    return max(event.occurred_at, event.received_at)


def tells_owner(event: Event) -> bool:
    """Does the event say whose the lead is, be it nobody's?"""
    if event.kind != "attributes_set" or "owner" not in event.data:
        return False
    owner = event.data["owner"]
    return owner is None or isinstance(owner, str)


def misses_owner(event: Event) -> bool:
    """Does the event mean to say whose the lead is, in a form that is nobody's name?"""
    if event.kind != "attributes_set":
        return False
    owner = event.data.get("owner")
    if not isinstance(owner, str) or len(owner) > _MAX_OWNER:
        return owner is not None
    return any(map(is_unseen, one_form(owner)))


def owner_told(event: Event) -> str | None:
    """The owner that an event says the lead now has; None: nobody, or it says none."""
    owner = event.data.get("owner") if event.kind == "attributes_set" else None
    return (one_form(owner)[:_MAX_OWNER] or None) if isinstance(owner, str) else None


def _is_news(event: Event, since: datetime | None) -> bool:
    return since is None or event.occurred_at >= since
