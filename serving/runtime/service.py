"""The service: all that routes and commands work with, put together once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from governance.leads.automation_context import AutomationContext
from governance.leads.event_names import USUAL_KINDS, EventNames
from governance.people.crm_users import CrmUsers
from governance.people.feedback import Judgement, read_judgement
from governance.policy.locks import Brake
from governance.policy.pipeline import Pipeline
from governance.rules.actions import Assignees
from governance.rules.exception_cases import Cases
from governance.rules.ruleset import Rules
from serving.database.engine import Store
from serving.database.write_check import WriteCheck
from serving.repositories.persons import Identity, disabled_names, managers_of
from serving.runtime.audit_status import AuditStatus
from serving.runtime.background_cache import BackgroundCache
from serving.runtime.call_limits import CallLimits, SlowCalls
from serving.runtime.lead_locks import LeadLocks
from serving.runtime.metrics import Metrics
from serving.runtime.served_model import Models
from serving.runtime.settings import Settings

if TYPE_CHECKING:
    from governance.impact.report import AutomationReport
    from governance.simulation.trial import Trial

REPORTS_LAST = timedelta(days=1)  # one takes seconds, and moves by the day
TRIALS_LAST = timedelta(hours=1)  # so do they, and are read to decide


def utc_now() -> datetime:
    return datetime.now(UTC)


class Substitutes:
    """Managers who answer for the leads of people that left their team.

    Read when the service opens and by each tick, so that no call has to.

    `by_name` has whoever is disabled; "" where their team has no manager.
    """

    def __init__(self) -> None:
        self.by_name: Mapping[str, str] = {}

    def read(self, store: Store) -> None:
        with store.reading() as session:
            gone = disabled_names(session)
            managers = managers_of(session, gone)
        self.by_name = {name: managers.get(name, "") for name in gone}


class IdentityProvider(Protocol):
    """An identity provider: `serving.auth.oidc.Provider`, imported where one is set."""

    def authorization_request(self) -> tuple[str, str]:
        """An address to send a browser to, and a cookie for its way back."""

    def identity(
        self, cookie: str, answer: Mapping[str, str], now: datetime
    ) -> Identity:
        """The identity of who came back, by the cookie and the query they bring."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    settings: Settings
    store: Store
    pipeline: Pipeline
    rules: Rules
    cases: Cases
    models: Models
    judgement: Judgement = field(default_factory=read_judgement)
    crm_users: CrmUsers = field(default_factory=CrmUsers)
    event_names: EventNames = field(default_factory=EventNames)
    brake: Brake = field(default_factory=Brake)
    provider: IdentityProvider | None = None  # where people may sign in as well
    substitutes: Substitutes = field(default_factory=Substitutes)
    lead_locks: LeadLocks = field(default_factory=LeadLocks)
    audit_status: AuditStatus = field(default_factory=AuditStatus)
    metrics: Metrics = field(default_factory=Metrics)
    write_check: WriteCheck = field(default_factory=WriteCheck)
    reports: "BackgroundCache[AutomationReport | None]" = field(
        default_factory=lambda: BackgroundCache(REPORTS_LAST)
    )
    trials: "BackgroundCache[Trial]" = field(
        default_factory=lambda: BackgroundCache(TRIALS_LAST)
    )
    clock: Callable[[], datetime] = utc_now
    limits: CallLimits = field(init=False)
    sign_ins: SlowCalls = field(init=False)

    def __post_init__(self) -> None:
        settings = self.settings
        limits = CallLimits(
            sign_in=settings.sign_in_limit,
            refusal=settings.refusal_limit,
            key=settings.key_limit,
        )
        sign_ins = SlowCalls(settings.sign_in_threads, settings.sign_in_queue)
        object.__setattr__(self, "limits", limits)
        object.__setattr__(self, "sign_ins", sign_ins)

    @property
    def known_kinds(self) -> frozenset[str] | None:
        """The kinds of event that the model, a rule or Frein itself reads, and those
        that the company declares; None: without a model nobody can tell."""
        model = self.models.loaded
        if model is None:
            return None
        automation = self.rules.named_kinds | self.cases.named_kinds
        ours = USUAL_KINDS | self.settings.consent_kinds | automation
        declared = self.judgement.reopened_by | self.event_names.declared_kinds
        return ours.union(declared, model.kinds)

    @property
    def automation(self) -> AutomationContext:
        """The rules and cases of automation, and the people whom it calls."""
        assignees = Assignees(
            pipeline=self.pipeline,
            fallback_owner=self.settings.fallback_owner,
            manager=self.settings.manager,
            brake=self.brake,
            substitutes=self.substitutes.by_name,
        )
        return AutomationContext(
            rules=self.rules,
            cases=self.cases,
            assignees=assignees,
            judgement=self.judgement,
            is_stopped=self.audit_status.broken is not None,
        )
