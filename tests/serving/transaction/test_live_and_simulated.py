"""The service and the simulation decide the same of a lead with the same log.

Drawn logs go through the service, one call after the other, and then through a replay
of what it stored: every decision and the lead's last state must be equal. People do
what the simulation supposes of them: a task is closed once its day is over, and a
proposal lapses after two weeks.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID, uuid4

import polars as pl
import pytest

from explanations.calendar_fr import paris_day
from explanations.score import (
    Doubt,
    Ending,
    Grade,
    ModelId,
    Narrative,
    Priority,
    Score,
    TextedDoubt,
)
from explanations.scorer import ScorerFacts
from features.errors import FreinError
from features.event import Actor, Event, events_frame
from features.featurise import featurise, moments_frame
from governance.audit.chain import SYSTEM
from governance.leads.automation_context import AutomationContext
from governance.leads.state import LeadState
from governance.policy.effects import (
    PROPOSAL_LASTS,
    CloseProposal,
    CloseTask,
    Effect,
    PlannedEffect,
    ProposalStatus,
)
from governance.policy.pipeline import read_pipeline
from governance.rules.cascade import is_own_write
from governance.rules.exception_cases import Cases
from governance.rules.facts import Value
from governance.rules.measures import measure_catalogue
from governance.rules.outcome import Outcome
from governance.rules.ruleset import Rules
from governance.simulation.replay import LeadReplay, Observed
from serving.audit.trace import StatedReason
from serving.automation.suspension import Suspension, resume_lead, suspend_lead
from serving.database.engine import Store
from serving.decisions.override import (
    PriorityOverride,
    StatusAdjustment,
    adjust_status,
    override_priority,
)
from serving.events.ingestion import ingest
from serving.repositories.events import stored_events
from serving.repositories.lead_states import lead_states
from serving.repositories.tasks import tasks_of
from serving.runtime.metrics import Metrics
from serving.runtime.served_model import Models
from serving.runtime.service import Service
from serving.runtime.settings import Settings
from serving.transaction.plan import Plan, Wish
from serving.transaction.unit_of_work import record
from tests.budgets import PROFILE, Profile
from tests.governance.rule_builders import make_rules
from tests.serving.builders import AWA, NOW, url_of
from tests.serving.fakes import MODEL, CountingExplainer

LOGS = 2_000 if PROFILE is Profile.FULL else 10
AT_ONCE = 100  # a store holds so many: each call asks for all that is suspended
FACTS = ScorerFacts(
    horizon_days=60,
    slope=1,
    intercept=0,
    codes={},
    usual_delay_hours={},
    grade_cuts=(60, 40, 20),
    priority_cuts=(50, 30),
    typical_from=-9,
    score_range=(1, 90),
)
TASK = '{ create_task = { expected = "appel", working_days = 1 } }'
MOVED, WORD = "stage_changed", "priority_contested"
TRIGGERS = [
    *(f'{{ event = {{ kind = "{k}" }} }}' for k in ("page_viewed", MOVED, WORD, "won")),
    '{ event = { kind = "attributes_set" } }',
    '{ event = { kind = "priority_set" } }',
    "{ score = { rises_to = 40 } }",
    "{ score = { falls_by = 5 } }",
    '{ silence = { actor = "lead" }, lasting = "2d" }',
    '{ schedule = ["tuesday", "thursday"] }',
]
EFFECTS = [
    TASK,
    '{ set_priority = "elevee" }',
    '{ set_priority = "basse" }',
    '{ propose_move = "negociation_finale" }',
    '{ propose_move = "proposition" }',
    '{ notify = "owner" }',
    '{ assign = "manager" }',
    '{ assign = "Zoé Roux" }',
]
CONDITIONS = [
    *3 * ["[]"],
    '[{ known = "stage", in = ["qualifie", "contacte", "gagne"] }]',
    '[{ known = "stage", not_in = ["perdu", "proposition"] }]',
    '[{ known = "owner", in = ["Zoé Roux", "Awa Diallo"] }]',
    '[{ known = "priority", not_in = ["elevee"] }]',
    '[{ known = "grade", in = ["A", "B"] }]',
]
KINDS = [*4 * ["page_viewed"], *2 * ["email_replied", MOVED, "attributes_set"]]
KINDS += ["meeting_held", "note_added", "won", "lost"]
ACTS = [*4 * ["tick"], *3 * ["contest"], *2 * ["confirm", "adjust", "resume"]]
ACTS += ["suspend", "pause"]
STAGES = [*read_pipeline().by_name, "inconnue"]
CASES = Cases.model_validate(
    {
        "version": 1,
        "case": [
            {
                "kind": "horloge_douteuse",
                "why": "Vérifiez l’horloge.",
                "expected": "qualification",
                "working_days": 1,
                "again_after": "7d",
                "when": [{"known": "clock_ahead_hours", "at_least": 0.05}],
            },
            {
                "kind": "signaux_contradictoires",
                "why": "Regardez ce prospect.",
                "expected": "appel",
                "working_days": 2,
                "again_after": "5d",
                "settled_by_decision": True,
                "when": [{"known": "doubt", "in": ["signaux_contradictoires"]}],
            },
        ],
    }
)


# --- What is drawn ----------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call to the service, `minutes` after the last; `act` without events."""

    minutes: int
    points: float
    is_doubted: bool
    act: str
    to: str
    events: Sequence[Mapping[str, Any]]


def drawn_rules(random: Random) -> Rules:
    each = [
        {
            "on": random.choice(TRIGGERS),
            "then": random.choice(EFFECTS),
            "when": random.choice(CONDITIONS),
            "again_after": random.choice(("", "", '"1d"')),
            "sources": random.choice(("", "", "", '["site", "frein"]')),
        }
        for _ in range(random.randint(1, 7))
    ]
    kinds = '["page_viewed", "meeting_held"]'
    return make_rules(
        *each, top=f"version = 1\nmost_writes_per_hour = 3\nkinds = {kinds}"
    )


def drawn_calls(random: Random) -> list[Call]:
    """The first has events: before it nobody knows the lead."""
    return [
        Call(
            minutes=random.choice((7, 40, 70, 400, 1_450, 3_000, 15_000, 21_000)),
            points=random.uniform(0, 90),
            is_doubted=random.random() < 0.2,
            act=random.choice(ACTS),
            to=random.choice(STAGES[:-1]),
            events=[
                _drawn_event(random) for _ in range(random.choice((0, 0, 1, 1, 2, 3)))
            ]
            or ([] if number else [_drawn_event(random)]),
        )
        for number in range(random.randint(4, 12))
    ]


def _drawn_event(random: Random) -> dict[str, Any]:
    about: dict[str, Any] = {"kind": random.choice(KINDS)}
    match about["kind"]:
        case "stage_changed":
            about["to"] = random.choice(STAGES)
        case "attributes_set":
            about["owner"] = random.choice(("Awa Diallo", "Zoé Roux", " Paul ", ""))
            about["priority"] = random.choice((*Priority, None))
        case "note_added":
            about["objections"] = ["prix"]
    return {
        "about": about,
        "actor": random.choice([*Actor]),
        "hours_ago": random.choice((0, 0, 0, 1, 30, 200, -0.06)),
        "is_backfilled": random.random() < 0.2,
    }


# --- The service ------------------------------------------------------------


SCORE = Score(
    lead_id="L-0",
    moment=NOW,
    score=0.0,
    base=0.0,
    grade=Grade.D,
    priority=Priority.NORMAL,
    previous_priority=Priority.NORMAL,
    reasons=(),
    other_points=0.0,
    doubts=(),
    narrative=Narrative(
        happened="vu", why="pourquoi", expected="appel", short="bref", text="texte"
    ),
    model=MODEL,
)


@dataclass(frozen=True, slots=True)
class SetExplainer(CountingExplainer):
    """Gives the score that was set last."""

    model: ModelId = MODEL
    given: list[tuple[float, bool]] = field(default_factory=list)

    def scores(
        self,
        events: pl.DataFrame,
        moments: pl.DataFrame,
        previous: Mapping[str, Priority] | None = None,
        closed: Mapping[str, Ending] | None = None,
    ) -> list[Score]:
        points, is_doubted = self.given[-1]
        contradictory = TextedDoubt(Doubt.CONTRADICTORY, "Regardez.")
        return [
            replace(
                SCORE,
                lead_id=lead_id,
                moment=moment,
                score=points,
                grade=FACTS.grade(points),
                priority=FACTS.priority(points, (previous or {}).get(lead_id)),
                doubts=(contradictory,) if is_doubted else (),
            )
            for lead_id, moment in moments.iter_rows()
        ]


class Kept(Metrics):
    """Keeps what the metrics are told."""

    def __init__(self) -> None:
        super().__init__()
        self.outcomes: list[Outcome] = []
        self.kinds: list[str] = []

    def note_outcomes(self, outcomes: Iterable[Outcome]) -> None:
        self.outcomes += outcomes

    def note_exceptions(self, kinds: Iterable[str]) -> None:
        self.kinds += kinds


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What came of one call."""

    at: datetime
    outcomes: Sequence[Outcome]
    kinds: Sequence[str]


@dataclass(kw_only=True)
class Live:
    """One lead in a service, and what became of it call by call."""

    service: Service
    explainer: SetExplainer
    lead_id: str
    now: datetime = NOW
    made: list[Decided] = field(default_factory=list)
    points: list[tuple[float, bool]] = field(default_factory=list)
    sent: dict[str, int] = field(default_factory=dict)  # in which order
    lapses: dict[UUID, datetime] = field(default_factory=dict)  # of proposals, if open
    before: int = 0  # how many were sent before this call

    def call(self, call: Call) -> None:
        self.now += timedelta(minutes=call.minutes)
        self._end_what_is_over()
        score = call.points, call.is_doubted
        self.explainer.given.append(score)
        kept = Kept()
        service = replace(self.service, metrics=kept)
        try:
            self._act(service, call)
        except FreinError:  # nothing of the sort can be done to the lead now
            return
        for outcome in kept.outcomes:
            if outcome.effect is not None:
                self.lapses[outcome.effect.id] = self.now + PROPOSAL_LASTS
        kinds = sorted(kept.kinds)
        self.made.append(Decided(at=self.now, outcomes=kept.outcomes, kinds=kinds))
        self.points.append(score)

    @property
    def events(self) -> list[Event]:
        """As they were received, and in a call as it had them."""
        with self.service.store.reading() as session:
            known = stored_events(session, [self.state.id])
        return sorted(
            known, key=lambda e: (e.received_at, self.sent.get(e.event_id, 0))
        )

    @property
    def state(self) -> LeadState:
        with self.service.store.reading() as session:
            return lead_states(session, [self.lead_id])[self.lead_id]

    def _act(self, service: Service, call: Call) -> None:
        why = StatedReason(reason=None, text="vu")
        lead, now, until = self.lead_id, self.now, self.now + timedelta(days=2)
        self.before = len(self.sent)
        if call.events:
            ingest(service, [self._event(**one) for one in call.events], now)
            return
        match call.act:
            case "tick":
                self._record(service, Plan(rescored=frozenset({lead}), is_tick=True))
            case "contest" | "confirm":
                to = Priority.HIGH if call.points > 45 else Priority.LOW
                given = to if call.act == "contest" else None
                asked = PriorityOverride(lead_id=lead, by=AWA, why=why, priority=given)
                override_priority(service, asked, now)
            case "adjust":
                to_stage = StatusAdjustment(lead_id=lead, by=AWA, why=why, to=call.to)
                adjust_status(service, to_stage, now)
            case "suspend" | "pause":
                ends = until if call.act == "pause" else None
                stop = Suspension(id=uuid4(), by=AWA, why=why, until=ends)
                suspend_lead(service, lead, stop, now)
            case _:
                resume_lead(service, lead, AWA, now)

    def _event(
        self,
        about: Mapping[str, Any],
        actor: Actor,
        hours_ago: float,
        *,
        is_backfilled: bool,
    ) -> Event:
        # No two at once: a log doesn't tell which of them came first.
        at = self.now - timedelta(hours=hours_ago, seconds=len(self.sent))
        received = self.now - timedelta(minutes=3)
        # A call that only loads older events is no moment of a replay.
        is_old = is_backfilled and at <= received and len(self.sent) > self.before
        event_id = f"{self.lead_id}-{len(self.sent)}"
        self.sent[event_id] = len(self.sent)
        return Event(
            event_id=event_id,
            source="crm" if actor is Actor.PERSON else "site",
            lead_id=self.lead_id,
            kind=about["kind"],
            occurred_at=at,
            received_at=received if is_old else self.now,
            actor=actor,
            data={name: said for name, said in about.items() if name != "kind"},
        )

    def _end_what_is_over(self) -> None:
        if not self.made:
            return
        with self.service.store.reading() as session:
            lead = lead_states(session, [self.lead_id])[self.lead_id]
            tasks = tasks_of(session, lead.id)
        ended: list[tuple[Effect, UUID]] = [
            (CloseTask(task_id=task.id, by=AWA, reason=None), task.id)
            for task in tasks
            if task.due_on < paris_day(self.now) and task.proposal_id is None
        ]
        ended += [
            (_lapsed(one.id), one.id)
            for one in lead.waiting
            if self.lapses[one.id] <= self.now
        ]
        effects = tuple(PlannedEffect(self.lead_id, *one) for one in ended)
        if effects:
            self._record(self.service, Plan(effects=effects))

    def _record(self, service: Service, plan: Plan) -> None:
        wish = Wish(lead_ids=frozenset({self.lead_id}), plan=lambda _: plan)
        record(service, wish, self.now)


def _lapsed(proposal_id: UUID) -> CloseProposal:
    return CloseProposal(
        proposal_id=proposal_id, status=ProposalStatus.EXPIRED, by=SYSTEM, reason=None
    )


# --- The simulation ---------------------------------------------------------


def replayed(
    live: Live, context: AutomationContext
) -> tuple[LeadReplay, list[Decided]]:
    """The same lead, from its log alone."""
    lead, made = LeadReplay(live.lead_id, context), []
    log = [event for event in live.events if not is_own_write(event)]
    measures = _measures(live.events, live, context)
    learnt: set[str] = set()
    for (points, is_doubted), one in zip(live.points, live.made, strict=True):
        events = tuple(e for e in log if e.received_at == one.at)
        older = [e for e in log if e.received_at < one.at and e.event_id not in learnt]
        if older:
            lead.learn(*older)
        learnt |= {e.event_id for e in older}
        learnt |= {e.event_id for e in log if e.received_at == one.at}
        done = lead.step(
            Observed(
                at=one.at,
                events=events,
                measures=measures[one.at],
                score=points,
                doubts=frozenset({Doubt.CONTRADICTORY} if is_doubted else ()),
            )
        )
        kinds = [task.kind.value for task in done.exceptions]
        kinds += [kind for kind in done.calls if kind == "decision_reservee"]
        made.append(Decided(at=one.at, outcomes=[*done.outcomes], kinds=sorted(kinds)))
    return lead, made


def _measures(
    log: list[Event], live: Live, context: AutomationContext
) -> Mapping[datetime, Mapping[str, Value]]:
    """What the rules ask of the log at each moment."""
    rules, cases = context.rules, context.cases
    catalogue = measure_catalogue(
        (*rules.measures, *cases.measures), (*rules.kinds, *cases.kinds), None
    )
    ats = [one.at for one in live.made]
    seen = [
        max(
            [
                at,
                *(
                    max(e.occurred_at, e.received_at)
                    for e in log
                    if e.received_at <= at
                ),
            ]
        )
        for at in ats
    ]
    moments = moments_frame((live.lead_id, moment) for moment in seen)
    rows = featurise(events_frame(log), moments, catalogue).fill_nan(None)
    return dict(zip(ats, rows.iter_rows(named=True), strict=True))


# --- Held together ----------------------------------------------------------


@pytest.mark.parametrize("first", range(0, LOGS, AT_ONCE))
def test_the_service_and_the_simulation_decide_the_same(
    sqlite_store: Store, tmp_path: Path, first: int
) -> None:
    explainer = SetExplainer()
    service = Service(
        settings=Settings(
            database_url=url_of(sqlite_store), audit_folder=tmp_path / "audit"
        ),
        store=sqlite_store,
        pipeline=read_pipeline(),
        rules=Rules(version=1, text=""),
        cases=CASES,
        models=Models(explainer),
    )
    for number in range(first, min(first + AT_ONCE, LOGS)):
        random = Random(number)
        governed = replace(service, rules=drawn_rules(random))
        live = Live(service=governed, explainer=explainer, lead_id=f"L-{number}")
        for call in drawn_calls(random):
            live.call(call)
        lead, made = replayed(live, replace(governed.automation, scorer=FACTS))
        for simulated, decided in zip(made, live.made, strict=True):
            assert simulated == decided, live.lead_id
        expected = live.state
        assert (lead.state.stage, lead.state.owner, lead.state.priority) == (
            expected.stage,
            expected.owner,
            expected.priority,
        )
