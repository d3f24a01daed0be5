"""What a carried-out plan leaves in the audit: each change, after its cause."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from features.event import Event
from governance.audit.chain import (
    Action,
    Cause,
    Entry,
    Note,
    Subject,
    SubjectKind,
)
from governance.leads.state import LeadState, owner_told, stage_told
from governance.people.overrides import OWN_SOURCE
from governance.people.principal import Principal, PrincipalKind
from governance.policy.actions import OpenProposal, ProposeConcession, ProposePriority
from governance.policy.effects import (
    CloseProposal,
    CloseTask,
    Decide,
    Effect,
    EndTask,
    EscalateTask,
    Grant,
    HandOverTask,
    ProposalStatus,
    Requalify,
)
from governance.policy.pipeline import Pipeline
from governance.policy.task import OpenTask, TaskKind
from serving.audit.entries import (
    closing_note,
    later_task_note,
    made_note,
    opened_note,
    task_ended_note,
    task_note,
)
from serving.repositories.audit import append, causes_of
from serving.repositories.events import pair_of, stored_rows

Signed = Decide | Requalify | Grant
_WORDS = frozenset({Action.PRIORITY_CONTESTED, Action.PRIORITY_CONFIRMED})
EndedTasks = Mapping[UUID, Sequence[UUID]]  # by the proposal that they called for


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What happened to one lead in one transaction. `before` is None for a new one."""

    before: LeadState | None
    after: LeadState
    arrivals: Sequence[Event]
    notes: Sequence[Note]
    effects: Sequence[Effect]
    ended: EndedTasks
    consequences: Sequence[Note]
    origins: Mapping[UUID, Event]  # the facts of consequences, by note


def write_stories(
    session: Session, stories: Sequence[Story], pipeline: Pipeline, now: datetime
) -> None:
    """Append what these stories tell; the events are stored already."""
    told = [(note, story) for story in stories for note in _notes(story, pipeline)]
    if not told:
        return
    followed = {note.follows for note, _ in told if note.follows}
    known = causes_of(session, followed - {note.id for note, _ in told})
    facts = _facts(session, told, pipeline)
    correlation, entries = uuid4(), []
    for note, story in told:
        cause = _cause(note, facts.get(note.id), known, correlation)
        known[note.id] = cause
        entries.append(Entry(note=note, lead=story.after.id, cause=cause, at=now))
    append(session, entries)


def _cause(
    note: Note, fact: int | None, known: Mapping[UUID, Cause], correlation: UUID
) -> Cause:
    parent = known.get(note.follows) if note.follows else None
    if parent is None:
        return Cause(correlation=correlation, event=fact)
    return Cause(
        correlation=parent.correlation,
        causation=note.follows,
        depth=0 if note.by.is_person else parent.depth + 1,
    )


def _facts(
    session: Session, told: Sequence[tuple[Note, Story]], pipeline: Pipeline
) -> dict[UUID, int]:
    """The event that each note follows from directly, by its row in the log."""
    events: dict[UUID, Event] = {}
    for note, story in told:
        event = None if note.follows else _fact(note, story, pipeline)
        if event is not None:
            events[note.id] = event
    rows = stored_rows(session, events.values())
    return {note_id: rows[pair_of(event)] for note_id, event in events.items()}


def _fact(note: Note, story: Story, pipeline: Pipeline) -> Event | None:
    if note.id in story.origins:
        return story.origins[note.id]
    if note.action is Action.STAGE_OBSERVED:
        return _move_observed(story, pipeline)
    if note.action is Action.TASK_HANDED_OVER:
        return _owner_observed(story)
    facts = [event for event in story.arrivals if event.source != OWN_SOURCE]
    return max(facts, key=lambda event: event.occurred_at, default=None)


def _move_observed(story: Story, pipeline: Pipeline) -> Event | None:
    """The event that told the lead's stage, if it is another than before."""
    origin = story.before.stage if story.before else pipeline.entry
    if story.after.stage == origin:
        return None
    telling = [
        event
        for event in story.arrivals
        if event.source != OWN_SOURCE
        and stage_told(event, pipeline) == story.after.stage
    ]
    return max(telling, key=lambda event: event.occurred_at, default=None)


def _owner_observed(story: Story) -> Event | None:
    """The event that told the lead's owner as it now is."""
    telling = [one for one in story.arrivals if owner_told(one) == story.after.owner]
    return max(telling, key=lambda event: event.occurred_at, default=None)


def _notes(story: Story, pipeline: Pipeline) -> Iterator[Note]:
    yield from story.notes
    observed = _observed(story, _move_observed(story, pipeline), pipeline)
    if observed is not None:
        yield observed
    signed = (one for one in story.effects if isinstance(one, Signed))
    made = next(signed, None)
    led = {id: note.id for note in story.notes for id in note.leads_to}
    for effect in story.effects:
        yield from _of_effect(effect, story, made, observed, led)
    yield from story.consequences


def _observed(story: Story, move: Event | None, pipeline: Pipeline) -> Note | None:
    if move is None:
        return None
    return Note(
        action=Action.STAGE_OBSERVED,
        by=Principal(PrincipalKind.INTEGRATION, move.source),
        subject=Subject(SubjectKind.LEAD, story.after.id),
        before={"stage": story.before.stage if story.before else pipeline.entry},
        after={"stage": story.after.stage},
        why={"actor": move.actor.value},
    )


def _of_effect(
    effect: Effect,
    story: Story,
    made: Signed | None,
    observed: Note | None,
    led: Mapping[UUID, UUID],
) -> Iterator[Note]:
    seen = observed.id if observed else None
    match effect:
        case Decide() | Requalify() | Grant():
            follows = effect.proposal_id or led.get(effect.id)
            yield made_note(story.after.id, effect, follows)
        case OpenProposal() | ProposePriority() | ProposeConcession():
            yield opened_note(effect, led.get(effect.id))
        case OpenTask():
            yield task_note(effect, led.get(effect.id) or effect.proposal_id or seen)
        case CloseTask() | EscalateTask() | HandOverTask():
            yield later_task_note(effect)
        case EndTask(task_id=task_id, kind=kind):
            closing = _word(story) or (made.id if made else seen)
            yield task_ended_note(task_id, kind, closing or _dismissed(story, task_id))
        case CloseProposal():
            closed = closing_note(effect, _what_closes(effect, made, seen))
            yield closed
            for task_id in story.ended.get(effect.proposal_id, ()):
                yield task_ended_note(task_id, TaskKind.DECISION_RESERVED, closed.id)


def _word(story: Story) -> UUID | None:
    """What a person said of the priority."""
    return next((one.id for one in story.notes if one.action in _WORDS), None)


def _dismissed(story: Story, task_id: UUID) -> UUID:
    """The proposal that a person closed in the same call; alone, a task ends by
    itself."""
    closed = (one for one in story.effects if isinstance(one, CloseProposal))
    return next((one.proposal_id for one in closed if one.by.is_person), task_id)


def _what_closes(
    ending: CloseProposal, made: Signed | None, observed: UUID | None
) -> UUID:
    """What was decided, or seen, that ends it; alone, it ends by itself.

    One that expires in the same call as something is decided expires with the lead.
    """
    by_itself = ending.proposal_id
    match ending.status:
        case ProposalStatus.DECIDED_IN_CRM if observed:
            return observed
        case ProposalStatus.EXPIRED:
            return made.id if made else observed or by_itself
    is_made = made is not None and made.proposal_id == ending.proposal_id
    return made.id if made and is_made else by_itself
