"""Search for what gets past the brake: generated rule sets, events, keys, principals.

A hypothesis state machine draws rules, then events, ticks and wishes of people, keys
and rules, at the engine and at the three locks (the database's as its constraint says
it). A second one draws the door of events: keys with and without scopes, that vouch for
people or don't, tell of stages and ends between what a person signs. Then SQL of the
service's own database user changes each column (`sql_door.py`). With the locks on
nothing may pass, nor be reached unnoticed; with all of them off the same machines have
to find some, or they look at nothing.

    python -m benchmarks.brake --steps 100000
"""

import logging
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import orjson
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from benchmarks import sql_door
from benchmarks.common.command_line import parser_of, print_json
from explanations.score import Doubt, Priority
from features.errors import FreinError
from features.event import Actor, Event
from governance.errors import ActionNotAutomaticError, StageAlreadyHeldError
from governance.leads.automation_context import AutomationContext
from governance.leads.observation import Arbitration, entailed
from governance.leads.state import (
    STAGE_KINDS,
    LeadState,
    StageSeen,
    WaitingProposal,
    is_to_confirm,
    stages_seen,
    state_after,
    undoes_word,
)
from governance.leads.step import Reaction, react
from governance.people.assurance import Assurance, vouched_of
from governance.people.crm_users import CrmUsers
from governance.people.feedback import read_judgement
from governance.people.overrides import own_event
from governance.people.principal import Principal, PrincipalKind
from governance.policy.actions import AutomaticAction, Concede, MoveStage, SetPriority
from governance.policy.effects import CloseProposal, ProposalStatus
from governance.policy.locks import Brake
from governance.policy.pipeline import read_pipeline
from governance.policy.policy import (
    Change,
    Clause,
    Concession,
    PriorityChange,
    Ruling,
    StageMove,
    Verdict,
)
from governance.policy.task import OpenTask, TaskKind
from governance.rules.actions import Assignees
from governance.rules.engine import MOST_DEPTH, Occurrence
from governance.rules.exception_cases import read_cases
from governance.rules.facts import Facts
from governance.rules.history import PRIORITY_KIND, History
from governance.rules.outcome import Cause, Outcome
from governance.rules.ruleset import Rules
from serving.events.observer import CrmPeople, Observer
from serving.formats.cloud_event import CloudEvent
from serving.repositories.api_keys import ApiKey, Scope

STEPS_A_MACHINE = 50
STEPS_WITH_LOCKS_OFF = 2_000
NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
PIPELINE, CASES, JUDGEMENT = read_pipeline(), read_cases(), read_judgement()
STAGES = sorted(PIPELINE.by_name)
KINDS = ("page_viewed", "attributes_set", PRIORITY_KIND)
SOURCES = ("site", "crm", "frein")
LOCKS_OFF = Brake(
    judge=lambda *_: Ruling(Verdict.APPLY, Clause.STAGE_FREE), admit=lambda *_: None
)


@dataclass(slots=True)
class Tally:
    """What was tried, and what got past the brake."""

    steps: int = 0
    effects: int = 0
    exceptions: int = 0
    reserved_without_person: int = 0
    exceptions_without_owner: int = 0
    effects_without_cause: int = 0
    events_taken: int = 0
    reserved_observed: int = 0
    reserved_unnoticed: int = 0
    told_without_scope: int = 0
    decisions_undone: int = 0
    contradictions: int = 0
    proposals_closed_by_machines: int = 0

    @property
    def breaches(self) -> int:
        broken = self.reserved_without_person, self.exceptions_without_owner
        by_events = self.reserved_unnoticed, self.told_without_scope
        undone = self.decisions_undone, self.proposals_closed_by_machines
        return sum((*broken, *by_events, *undone)) + self.effects_without_cause


DrawnRule = tuple[dict[str, object], dict[str, object]]  # what sets it off, and does

# --- What is drawn ----------------------------------------------------------

_triggers = st.one_of(
    st.sampled_from([{"event": {"kind": kind}} for kind in KINDS]),
    st.just({"silence": {"kind": "page_viewed"}, "lasting": "1d"}),
    st.just({"schedule": ["tuesday", "wednesday", "thursday"]}),
    st.sampled_from([{"score": {"rises_to": level}} for level in (20, 40, 60)]),
)
_actions = st.one_of(
    st.sampled_from([{"set_priority": to.value} for to in Priority]),
    st.sampled_from([{"propose_move": to} for to in STAGES]),
    st.just({"create_task": {"expected": "appel", "working_days": 1}}),
    st.sampled_from([{"notify": to} for to in ("owner", "manager")]),
    st.sampled_from([{"assign": to} for to in ("manager", "Awa Diallo")]),
)


def _rules(drawn: Sequence[DrawnRule]) -> Rules:
    fields = [
        {
            "id": f"R-{n:02}",
            "title": "Règle",
            "why": "Parce que.",
            "owner": "Awa Diallo",
            "priority": n,
            "on": on,
            "then": then,
        }
        for n, (on, then) in enumerate(drawn, start=1)
    ]
    text = orjson.dumps(fields).decode()
    return Rules.model_validate({"version": 1, "rule": fields, "text": text})


_rule_sets = st.lists(st.tuples(_triggers, _actions), min_size=1, max_size=5)
_owners = st.sampled_from([None, "", " ", "Jean Roy"])
_doubts = st.sampled_from([frozenset[Doubt]()] * 40 + [frozenset({d}) for d in Doubt])
_known = st.fixed_dictionaries(  # of a lead's facts, once an event arrived
    {
        "score": st.floats(0, 100),
        "doubts": _doubts,
        "after_complex_exchange": st.booleans(),
    }
)
_principals = st.builds(
    Principal, st.sampled_from(PrincipalKind), st.sampled_from(["R-01", "Awa", "k"])
)


# --- The machine ------------------------------------------------------------


class Lead(RuleBasedStateMachine):
    """A lead, its rules and who asks for what; counts in `tally`."""

    def __init__(self, tally: Tally, brake: Brake, database_holds: bool) -> None:
        super().__init__()
        self.tally, self.brake, self.database_holds = tally, brake, database_holds

    @initialize(rules=_rule_sets, owner=_owners, manager=_owners)
    def begin(
        self, rules: Sequence[DrawnRule], owner: str | None, manager: str | None
    ) -> None:
        assignees = Assignees(
            pipeline=PIPELINE,
            fallback_owner="Direction commerciale",
            manager=manager,
            brake=self.brake,
        )
        self.context = AutomationContext(
            rules=_rules(rules), cases=CASES, assignees=assignees, judgement=JUDGEMENT
        )
        self.facts = Facts(lead_id="L-1", now=NOW, stage="qualifie", owner=owner)
        self.history, self.n, self.conceded = History(), 0, 0.0

    @rule(
        kind=st.sampled_from(KINDS),
        source=st.sampled_from(SOURCES),
        actor=st.sampled_from(Actor),
        to=st.sampled_from(Priority),
        known=_known,
    )
    def event_arrives(
        self, kind: str, source: str, actor: Actor, to: Priority, known: dict[str, Any]
    ) -> None:
        self.facts = replace(self.facts, **known)
        event = Event(
            event_id=str(self.n),
            source=source,
            lead_id="L-1",
            kind=kind,
            occurred_at=self.facts.now,
            received_at=self.facts.now,
            actor=actor,
            data={"to": to.value, "priority": to.value},
        )
        self._live(Occurrence(Cause.first(f"event {self.n}"), event))

    @rule(hours=st.integers(1, 72), clock_ahead=st.floats(0, 1))
    def time_passes(self, hours: int, clock_ahead: float) -> None:
        now = self.facts.now + timedelta(hours=hours)
        names = (measure.name for measure in self.context.rules.measures)
        measures = dict.fromkeys(names, 24.0 * hours)
        self.facts = replace(
            self.facts, now=now, clock_ahead_hours=clock_ahead, measures=measures
        )
        self._live(Occurrence(Cause.first(f"tick {self.n}")))

    @rule()
    def a_person_closes_every_task(self) -> None:
        self.history = replace(self.history, open_tasks=frozenset())
        self.tally.steps += 1

    @rule(by=_principals, to=st.sampled_from(STAGES))
    def somebody_asks_for_a_move(self, by: Principal, to: str) -> None:
        origin, is_complex = self.facts.stage, self.facts.after_complex_exchange
        requalifies = is_complex and PIPELINE.is_backwards(origin, to)
        if self._is_made(
            by,
            StageMove(origin, to, is_complex),
            MoveStage(origin, to, requalifies),
            is_reserved=requalifies
            or not (PIPELINE.is_free(origin) and PIPELINE.is_free(to)),
        ):
            self.facts = replace(self.facts, stage=to)

    @rule(by=_principals, to=st.sampled_from(Priority))
    def somebody_asks_for_a_priority(self, by: Principal, to: Priority) -> None:
        origin, is_complex = self.facts.priority, self.facts.after_complex_exchange
        action = SetPriority(to, origin, is_complex)
        if self._is_made(
            by,
            PriorityChange(after_complex_exchange=action.requalifies),
            action,
            is_reserved=action.requalifies,
        ):
            self.facts = replace(self.facts, priority=to)

    @rule(by=_principals, percent=st.floats(0.1, 30))
    def somebody_asks_for_a_concession(self, by: Principal, percent: float) -> None:
        before = self.conceded
        if self._is_made(
            by,
            Concession(percent, before),
            Concede(percent, before),
            is_reserved=PIPELINE.reserves_concession(before + percent),
        ):
            self.conceded += 0 if by.is_person else percent

    def _is_made(
        self, by: Principal, change: Change, action: AutomaticAction, is_reserved: bool
    ) -> bool:
        """As `serving.transaction.executor` and the database's constraints do."""
        self.tally.steps += 1
        held = self.database_holds and is_reserved and not by.is_person
        if held or not _passes(self.brake, by, change, action):
            return False
        self.tally.reserved_without_person += is_reserved and not by.is_person
        return True

    def _live(self, occurrence: Occurrence) -> None:
        self.tally.steps, self.n = self.tally.steps + 1, self.n + 1
        before = self.facts
        done = react(self.context, [occurrence], before, self.history)
        _look(self.tally, before, done)
        self.facts, self.history = done.facts, done.history


_keys = st.builds(
    ApiKey,
    id=st.just("k"),
    name=st.just("CRM"),
    secret_sha256=st.just(""),
    source=st.just("crm"),
    max_actor=st.sampled_from(Actor),
    default_actor=st.just(Actor.LEAD),
    scopes=st.sets(
        st.sampled_from([Scope.STAGES, Scope.VOUCH, Scope.BACKFILL, Scope.MOVES])
    ).map(lambda some: frozenset(some) | {Scope.EVENTS}),
    created_at=st.just(NOW),
)
_told = st.fixed_dictionaries(  # of an event about a stage, or about something else
    {
        "type": st.sampled_from([*sorted(STAGE_KINDS), "page_viewed"]),
        "data": st.fixed_dictionaries(
            {"to": st.sampled_from([*STAGES, "closedlost", "Perdu"])}
        ),
        "actor": st.sampled_from([None, *Actor]),
        "by": st.sampled_from([None, None, "awa", "AWA Diallo", "nobody"]),
    }
)


class Door(RuleBasedStateMachine):
    """A lead of which keys tell, and people decide; counts in `tally`.

    Without `is_held` what an event claims of its actor is believed, as a key's word.
    """

    def __init__(self, tally: Tally, *, is_held: bool) -> None:
        super().__init__()
        self.tally, self.is_held = tally, is_held
        self.people = CrmPeople(lambda: [("awa", "Awa Diallo")], CrmUsers())
        self.assignees = Assignees(
            pipeline=PIPELINE, fallback_owner="Direction commerciale", brake=Brake()
        )
        self.lead = LeadState.unknown("L-1", PIPELINE)
        self.seen: list[StageSeen] = []
        self.now, self.n = NOW, 0

    @rule(
        key=_keys,
        told=st.lists(_told, min_size=1, max_size=3),
        hours_ago=st.sampled_from([0, 0, 1, 30, 500]),
        is_backfilled=st.booleans(),
    )
    def a_key_tells(
        self,
        key: ApiKey,
        told: Sequence[dict[str, Any]],
        hours_ago: int,
        *,
        is_backfilled: bool,
    ) -> None:
        self.tally.steps += 1
        self.now += timedelta(minutes=1)
        observer = Observer(
            key=key,
            kinds=None,
            people=self.people,
            pipeline=PIPELINE,
            clock_tolerance=timedelta(),
        )
        arrivals = []
        for about in told:
            self.n += 1
            sent = about | {
                "time": (self.now - timedelta(hours=hours_ago)).isoformat(),
                "receivedat": self.now.isoformat() if is_backfilled else None,
            }
            if (event := self._taken(observer, sent)) is not None:
                self.tally.told_without_scope += (
                    event.kind in STAGE_KINDS and Scope.STAGES not in key.scopes
                )
                arrivals.append(event)
        if arrivals:
            self._observe(arrivals)

    def _taken(self, observer: Observer, sent: dict[str, Any]) -> Event | None:
        base = {"specversion": "1.0", "id": str(self.n), "source": "crm"}
        cloud = CloudEvent.model_validate(base | {"subject": "L-1"} | sent)
        try:
            return observer.observation(cloud, self.now)
        except FreinError:
            return None

    @rule(to=st.sampled_from(STAGES))
    def a_machine_proposes(self, to: str) -> None:
        self.tally.steps += 1
        if self.lead.proposal_to(to) is None:
            waiting = WaitingProposal(uuid4(), to, None)
            self.lead = replace(self.lead, waiting=(*self.lead.waiting, waiting))

    @rule(to=st.sampled_from(STAGES))
    def a_person_signs(self, to: str) -> None:
        self.tally.steps += 1
        self.now += timedelta(minutes=1)
        awa = Principal(PrincipalKind.PERSON, "Awa Diallo")
        signed = own_event(uuid4(), "L-1", "stage_changed", awa, {"to": to}, self.now)
        self.lead = state_after(self.lead, [signed], PIPELINE)
        rest = tuple(one for one in self.lead.waiting if one.to != to)
        self.lead = replace(self.lead, waiting=rest)

    def _observe(self, arrivals: list[Event]) -> None:
        """As `serving.events.ingestion` does."""
        before = self.lead
        arbitration = Arbitration(
            assignees=self.assignees, working_days=2, now=self.now
        )
        planned = entailed(arbitration, before, arrivals)
        after = state_after(before, arrivals, PIPELINE)
        if not self.is_held:
            after, planned = _as_claimed(before, arrivals), []
        self.tally.events_taken += len(arrivals)
        self.seen = [*stages_seen(before, arrivals, PIPELINE)]
        if not self.is_held and arrivals:
            self.seen = [StageSeen(arrivals[-1], before, after)]
        self._look(before, after, [each.effect for each in planned])
        closed = {
            each.effect.proposal_id
            for each in planned
            if isinstance(each.effect, CloseProposal)
        }
        waiting = tuple(one for one in after.waiting if one.id not in closed)
        self.lead = replace(after, waiting=waiting)

    def _look(
        self, before: LeadState, after: LeadState, effects: Sequence[object]
    ) -> None:
        tally, seen = self.tally, self.seen
        called = {task.kind for task in effects if isinstance(task, OpenTask)}
        is_vouched = after.stage_assurance is Assurance.VOUCHED
        has_moved = before.stage != after.stage
        if has_moved and PIPELINE.named(after.stage).reserved and not is_vouched:
            tally.reserved_observed += 1
            is_told = is_to_confirm(after, PIPELINE)
            is_called = TaskKind.RESERVED_MOVE_OBSERVED in called
            tally.reserved_unnoticed += not (is_told and is_called)
        tally.decisions_undone += sum(
            each.has_moved and undoes_word(_words(each), each.after.stage, PIPELINE)
            for each in seen
        )
        tally.contradictions += after.observed_stage is not None
        tally.reserved_unnoticed += (
            any(each.contradicts for each in seen)
            and after.observed_stage is not None
            and TaskKind.DECISION_CONTRADICTED not in called
        )
        tally.exceptions_without_owner += any(
            not task.owner.strip() for task in effects if isinstance(task, OpenTask)
        )
        tally.proposals_closed_by_machines += any(
            isinstance(effect, CloseProposal)
            and effect.status is ProposalStatus.DECIDED_IN_CRM
            and not is_vouched
            for effect in effects
        )


def _words(seen: StageSeen) -> LeadState:
    """The lead with what people said of it, that the event may not undo: whom a key
    vouches for may take back what they said in the CRM."""
    if vouched_of(seen.event) is None:
        return seen.before
    return replace(seen.before, vouched_stage=None)


def _as_claimed(before: LeadState, arrivals: Sequence[Event]) -> LeadState:
    """The lead, had nobody asked who told so."""
    unsaid = replace(before, signed_stage=None, vouched_stage=None)
    after = state_after(unsaid, arrivals, PIPELINE)
    return replace(
        after,
        stage_assurance=None,
        signed_stage=before.signed_stage,
        vouched_stage=before.vouched_stage,
    )


def _passes(
    brake: Brake, by: Principal, change: Change, action: AutomaticAction
) -> bool:
    """Do the two locks in code let it through?"""
    try:
        if brake.judge(by, change, PIPELINE).verdict is not Verdict.APPLY:
            return False
        if not by.is_person:
            brake.admit(action, PIPELINE)
    except (StageAlreadyHeldError, ActionNotAutomaticError):
        return False
    return True


def _look(tally: Tally, before: Facts, done: Reaction) -> None:
    known = {""}
    for outcome in done.outcomes:
        if outcome.effect is None:
            continue
        tally.effects += 1
        tally.effects_without_cause += not _has_cause(outcome, known)
        known.add(str(outcome.effect.id))
        action = outcome.effect.action
        is_reserved = isinstance(action, MoveStage) or (
            isinstance(action, SetPriority) and before.after_complex_exchange
        )
        tally.reserved_without_person += is_reserved
        if isinstance(action, OpenTask):
            tally.exceptions_without_owner += not action.owner.strip()
    for task in done.exceptions:
        tally.exceptions += 1
        tally.exceptions_without_owner += not task.owner.strip()


def _has_cause(outcome: Outcome, known: set[str]) -> bool:
    """The first fact, or an effect before it; and not deeper than allowed."""
    cause = outcome.cause
    follows = cause.causation in known if cause.depth else bool(cause.causation)
    return bool(cause.correlation) and follows and cause.depth <= MOST_DEPTH


def run(steps: int, brake: Brake, *, database_holds: bool) -> Tally:
    """Run machines until so many steps were made on leads, and as many at the door."""
    tally = Tally()
    for machine in (
        lambda: Lead(tally, brake, database_holds),
        lambda: Door(tally, is_held=database_holds),
    ):
        _run(tally, tally.steps + steps, machine)
    return tally


def _run(tally: Tally, until: int, machine: Callable[[], object]) -> None:
    while tally.steps < until:
        left = max(1, (until - tally.steps) // STEPS_A_MACHINE)
        run_state_machine_as_test(
            machine,  # type: ignore[arg-type]  # any factory will do, says its docstring
            settings=settings(
                max_examples=left,
                stateful_step_count=STEPS_A_MACHINE,
                deadline=None,
                database=None,
                phases=(Phase.generate,),
                suppress_health_check=list(HealthCheck),
            ),
        )


def main(arguments: Sequence[str] | None = None) -> None:
    parser = parser_of("brake", __doc__)
    parser.add_argument("--steps", type=int, default=100_000)
    options = parser.parse_args(arguments)
    logging.getLogger("serving").setLevel(logging.ERROR)  # names that nobody has
    braked = run(options.steps, Brake(), database_holds=True)
    unbraked = run(STEPS_WITH_LOCKS_OFF, LOCKS_OFF, database_holds=False)
    off = {
        "reserved_with_locks_off": unbraked.reserved_without_person,
        "unnoticed_with_locks_off": unbraked.reserved_unnoticed,
        "undone_with_locks_off": unbraked.decisions_undone,
    }
    with TemporaryDirectory(prefix="frein-brake-") as folder:
        by_sql = sql_door.run(Path(folder))
    sql = {f"sql_{name}": value for name, value in asdict(by_sql).items()}
    print_json(asdict(braked) | off | sql)
    if braked.breaches or by_sql.unnoticed or not all(off.values()):
        sys.exit(1)


if __name__ == "__main__":
    main()
