"""Observer: what a key may tell, and for whom it may vouch."""

import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from features.errors import EventError, LeadIdError
from features.event import Actor, Event
from features.free_text import is_blank
from features.lead_id import lead_id
from governance.leads.event_names import most_like
from governance.leads.state import (
    ENDING_KINDS,
    STAGE_KINDS,
    misses_owner,
    stage_told,
)
from governance.people.assurance import VOUCHED_FIELD, Vouched
from governance.people.crm_users import CrmUsers, normalised, people_by_name
from governance.people.overrides import OVERRIDE_KINDS, OWN_SOURCE
from governance.people.privacy import CONSENT_SOURCE, PrivacyKind
from governance.policy.pipeline import Pipeline
from governance.policy.removal import INTO, MERGED_KIND
from serving.database.engine import Store
from serving.errors import (
    ActorNotYoursError,
    KindReservedError,
    KindUnknownError,
    SourceNotYoursError,
    StageNotInPipelineError,
    TimeInFutureError,
)
from serving.formats.cloud_event import CloudEvent, as_event
from serving.repositories.api_keys import ApiKey, Scope
from serving.repositories.persons import all_people

log = logging.getLogger(__name__)

_MAX_STAGE = 64  # of a name that is told back


class CrmPeople:
    """The people whom a key may name, looked up once a call, if it names any."""

    def __init__(
        self, accounts: Callable[[], Iterable[tuple[str, str]]], declared: CrmUsers
    ) -> None:
        """`accounts` gives logins and names."""
        self._accounts, self._declared = accounts, declared
        self._by_name: Mapping[str, str] | None = None

    def vouched(self, name: str, key: ApiKey) -> Vouched | None:
        """The person whom the key names; None: it names nobody known here.

        Raises ScopeMissingError if the key may not vouch for people.
        """
        key.need(Scope.VOUCH)
        who = self._people.get(normalised(name))
        if who is None:
            log.warning("doer_unknown", extra={"key": key.id})
            return None
        return Vouched(who=who, key=key.name, key_id=key.id)

    @property
    def _people(self) -> Mapping[str, str]:
        if self._by_name is None:
            self._by_name = people_by_name(self._declared, self._accounts())
        return self._by_name


def active_accounts(store: Store) -> list[tuple[str, str]]:
    """The logins and names of those who may sign in."""
    with store.reading() as session:
        people = all_people(session)
    return [(p.login, p.name) for p in people if p.disabled_at is None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Observer:
    """A key that sends events; `people` whom it may name. `kinds`: those that something
    here reads or that the company declares; None: no model is there to say."""

    key: ApiKey
    kinds: Collection[str] | None
    people: CrmPeople
    pipeline: Pipeline
    clock_tolerance: timedelta

    def observation(self, cloud: CloudEvent, now: datetime) -> Event:
        """The event as an observation of this key, or the reason why it isn't one."""
        key = self.key
        if cloud.source != key.source or cloud.source == OWN_SOURCE:
            raise SourceNotYoursError(cloud.source, key.source)
        self._refuse_kind(cloud.type)
        actor = cloud.actor or key.default_actor
        if not key.may_assert(actor):
            raise ActorNotYoursError(actor.value)
        latest = now + self.clock_tolerance
        if cloud.time > latest:
            raise TimeInFutureError("time", "time_in_future")
        if cloud.receivedat is not None:
            key.need(Scope.BACKFILL)
            if cloud.receivedat > latest:
                raise TimeInFutureError("receivedat", "time_in_future")
        if cloud.type == PrivacyKind.CONSENTED:
            _need_its_source(cloud)
        event = as_event(cloud, received_at=cloud.receivedat or now, actor=actor)
        if misses_owner(event):
            raise EventError("data.owner", "owner_malformed")
        return self._of_stage(cloud, event) if cloud.type in ENDING_KINDS else event

    def _refuse_kind(self, kind: str) -> None:
        """Raises KindReservedError of what people say here, and KindUnknownError."""
        if kind in OVERRIDE_KINDS:
            raise KindReservedError(kind)
        if self.kinds is not None and kind not in self.kinds:
            raise KindUnknownError(kind, ", ".join(most_like(kind, self.kinds)))

    def _of_stage(self, cloud: CloudEvent, event: Event) -> Event:
        """An event that moves a stage, ends a lead or removes it: it needs a scope, and
        by its own word nobody decided it."""
        self.key.need(Scope.STAGES)
        if VOUCHED_FIELD in event.data:
            raise EventError(f"data.{VOUCHED_FIELD}", "written_here")
        vouched = self._vouched(cloud)
        stage = stage_told(event, self.pipeline)
        if cloud.type == MERGED_KIND:
            event = _into_another(event)
        if stage is None and cloud.type in STAGE_KINDS:
            to = event.data.get("to")
            told = to[:_MAX_STAGE] if isinstance(to, str) else ""
            raise StageNotInPipelineError(told, ", ".join(self.pipeline.by_name))
        if vouched is not None:
            data = {**event.data, VOUCHED_FIELD: vouched.data}
            return replace(event, actor=Actor.PERSON, data=data)
        if stage is not None and self.pipeline.is_free(stage):
            return event
        return replace(event, actor=Actor.AUTOMATION)

    def _vouched(self, cloud: CloudEvent) -> Vouched | None:
        """Who did it; nobody if the event itself says that no person acted."""
        if cloud.by is None:
            return None
        vouched = self.people.vouched(cloud.by, self.key)
        return vouched if cloud.actor in {None, Actor.PERSON} else None


def _need_its_source(consent: CloudEvent) -> None:
    """A consent is a fact that can be shown: it says where it was given; raises
    EventError."""
    source = consent.data.get(CONSENT_SOURCE)
    if not isinstance(source, str | None):
        raise EventError(f"data.{CONSENT_SOURCE}", "string_type")
    if is_blank(source):
        raise EventError(f"data.{CONSENT_SOURCE}", "missing")


def _into_another(event: Event) -> Event:
    """A merger with the id of the lead that stays as it is kept; raises EventError."""
    told = event.data.get(INTO)
    if not isinstance(told, str):
        raise EventError(f"data.{INTO}", "missing" if told is None else "string_type")
    try:
        into = lead_id(told)
    except LeadIdError as error:
        raise LeadIdError(
            error.why, field=f"data.{INTO}", character=error.character
        ) from error
    return replace(event, data={**event.data, INTO: into})
