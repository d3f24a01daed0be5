"""What the audit keeps of what follows: each effect, and each stop, with its cause."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from explanations.score import Priority, Score
from features.event import Event
from governance.audit.chain import SYSTEM, Action, Facts, Note, Subject, SubjectKind
from governance.leads.state import LeadState
from governance.people.principal import Principal, PrincipalKind
from governance.policy.actions import (
    Assign,
    Notify,
    OpenProposal,
    ProposePriority,
    SetPriority,
)
from governance.policy.task import OpenTask
from governance.rules.outcome import Effect, Fate, Outcome
from governance.rules.ruleset import Rules
from serving.audit.entries import (
    opened_note,
    priority_note,
    task_note,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What stands behind: the lead before, the rules, the score, and the facts by
    correlation. `decided`: what a person decided in the same call."""

    before: LeadState
    rules: Rules
    score: Score | None
    events: Mapping[str, Event]
    decided: UUID | None


def notes_of(
    ground: Ground,
    outcomes: Sequence[Outcome],
    decisions: Sequence[OpenTask],
    exceptions: Sequence[OpenTask],
) -> tuple[tuple[Note, ...], dict[UUID, Event]]:
    """The notes, in order; and the facts that some follow from directly."""
    telling = _Telling(ground, ground.before.priority, ground.before.owner)
    for outcome in outcomes:
        telling.tell(outcome)
    for task in decisions:
        telling.notes.append(task_note(task, task.proposal_id))
    latest = next(reversed([*ground.events.values()]), None)
    for task in exceptions:
        telling.notes.append(replace(task_note(task, None), why=telling.called(task)))
        if latest is not None:
            telling.origins[task.id] = latest
    return tuple(telling.notes), telling.origins


@dataclass(slots=True)
class _Telling:
    ground: Ground
    priority: Priority | None
    owner: str | None
    notes: list[Note] = field(default_factory=list)
    origins: dict[UUID, Event] = field(default_factory=dict)

    def tell(self, outcome: Outcome) -> None:
        event = self.ground.events.get(outcome.cause.correlation)
        for note in self._notes(outcome):
            self.notes.append(note)
            if event is not None and note.follows is None:
                self.origins[note.id] = event

    def called(self, task: OpenTask) -> Facts:
        return {"kind": task.kind.value, **self._of_score()}

    def _notes(self, outcome: Outcome) -> Iterator[Note]:
        follows = self._follows(outcome)
        stop = None
        if outcome.fate is not Fate.FIRED:
            stop = self._stop(outcome, follows)
            yield stop
        if outcome.effect is not None:
            yield self._effect(outcome, outcome.effect, stop.id if stop else follows)

    def _follows(self, outcome: Outcome) -> UUID | None:
        if outcome.cause.depth:
            return UUID(outcome.cause.causation)
        return self.ground.decided if outcome.rule_id is None else None

    def _stop(self, outcome: Outcome, follows: UUID | None) -> Note:
        """Why nothing, or nothing but a task, came of it."""
        lead = Subject(SubjectKind.LEAD, self.ground.before.id)
        why = self._why(outcome)
        if outcome.fate is Fate.ECHO:
            action = Action.ECHO_SEEN
        elif outcome.rule_id is None:
            action = Action.PRIORITY_KEPT
        else:
            action = Action.RULE_STOPPED
        by = _doer(outcome)
        return Note(action=action, by=by, subject=lead, why=why, follows=follows)

    def _effect(self, outcome: Outcome, effect: Effect, follows: UUID | None) -> Note:
        note = replace(self._changed(effect, outcome, follows), id=effect.id)
        if outcome.rule_id is None or outcome.fate is not Fate.FIRED:
            return note  # not the rule's own doing
        return replace(note, by=_doer(outcome), why={**note.why, **self._why(outcome)})

    def _changed(self, effect: Effect, outcome: Outcome, follows: UUID | None) -> Note:
        lead = self.ground.before.id
        match effect.action:
            case SetPriority(to=to):
                before, self.priority = self.priority, to
                return priority_note(lead, before, to, self.ground.score, follows)
            case Assign(to=to):
                before_owner, self.owner = self.owner, to
                return _assigned(lead, before_owner, to, follows)
            case Notify(to=to):
                return _notified(lead, to, follows)
            case OpenProposal() | ProposePriority() as proposal:
                return opened_note(proposal, follows)
            case OpenTask() as task:
                return task_note(task, follows)
            case _:
                raise AssertionError(f"no rule does {effect.action}")

    def _why(self, outcome: Outcome) -> Facts:
        told: dict[str, str | int | None] = {"fate": outcome.fate.value}
        if outcome.rule_id is not None:
            told |= {
                "rule": outcome.rule_id,
                "rules_version": self.ground.rules.version,
                "rules_sha256": self.ground.rules.digest,
            }
        if outcome.winner is not None:
            told["winner"] = outcome.winner
        if outcome.source is not None:
            told["source"] = outcome.source
        elif not outcome.cause.depth:
            told["set_off_by"] = "time"
        if outcome.effect is not None:
            told["clause"] = outcome.effect.ruling.clause.value
        return {**told, **self._of_score()}

    def _of_score(self) -> Facts:
        score = self.ground.score
        if score is None:
            return {}
        model = score.model
        return {
            "score": score.score,
            "model": model.name,
            "model_version": model.version,
            "model_sha256": model.sha256,
        }


def _doer(outcome: Outcome) -> Principal:
    if outcome.rule_id is None:
        return SYSTEM
    return Principal(PrincipalKind.AUTOMATION, outcome.rule_id)


def _assigned(lead: UUID, before: str | None, to: str, follows: UUID | None) -> Note:
    named = None if before is None else Principal(PrincipalKind.PERSON, before)
    return Note(
        action=Action.OWNER_CHANGED,
        by=SYSTEM,
        subject=Subject(SubjectKind.LEAD, lead),
        before={"owner": named},
        after={"owner": Principal(PrincipalKind.PERSON, to)},
        follows=follows,
    )


def _notified(lead: UUID, to: str, follows: UUID | None) -> Note:
    return Note(
        action=Action.NOTICE_SENT,
        by=SYSTEM,
        subject=Subject(SubjectKind.LEAD, lead),
        after={"to": Principal(PrincipalKind.PERSON, to)},
        follows=follows,
    )
