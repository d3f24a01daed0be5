"""Schemas of rules, of their suspensions and of tasks that are closed."""

from datetime import date, datetime
from uuid import UUID, uuid4

from governance.people.principal import Principal
from serving.automation.suspension import Suspension
from serving.decisions.schemas import InForceShown, WhySent
from serving.formats.cloud_event import FreeText, Instant
from serving.formats.schema import Sent, Shown


class SuspensionSent(WhySent):
    """`until` null: until it is ended."""

    until: Instant | None = None

    def suspension(self, by: Principal) -> Suspension:
        return Suspension(id=uuid4(), by=by, why=self.why, until=self.until)


class TaskClosing(Sent):
    reason: FreeText | None = None


class SuspensionShown(Shown):
    id: UUID
    lead_id: str | None = None
    rule_id: str | None = None
    until: datetime | None


class RuleShown(Shown):
    """A rule in force; `suspended`: a person stopped it for now, by `suspensions`."""

    id: str
    title: str
    why: str
    owner: str
    priority: int
    set_off_by: str
    writes: str
    sources: list[str]
    valid_from: date | None
    valid_to: date | None
    state: str
    suspended: bool
    suspensions: list[InForceShown]


class RulesShown(Shown):
    version: int
    sha256: str
    rules: list[RuleShown]
