"""Two integrations that send each other's writes back, and ours: no loop."""

from collections import Counter, deque
from dataclasses import dataclass, field, replace
from datetime import timedelta

import orjson
from sqlalchemy import select

from features.event import Actor, Event
from governance.rules.engine import MOST_DEPTH
from serving.database.tables import AuditRow, EventRow, LeadRow
from serving.events.ingestion import ingest
from serving.runtime.service import Service
from tests.budgets import examples
from tests.governance.rule_builders import make_rules
from tests.serving.builders import NOW
from tests.serving.transaction.test_consequences import HIGH, LOW

N_EVENTS = examples(1_000)
N_LEADS = min(40, N_EVENTS // 5)  # each visits once, and its echoes come
SAID_BY_CRM = '{ event = { kind = "attributes_set" } }'
RULES = make_rules(
    {"then": HIGH},  # a visit
    {"on": SAID_BY_CRM, "then": LOW, "sources": '["crm"]'},
    {"on": SAID_BY_CRM, "then": HIGH, "sources": '["erp"]'},
)


def event(n: int, source: str, lead: str, **more: object) -> Event:
    at = NOW + timedelta(minutes=n)
    fields = {"kind": "page_viewed", "actor": Actor.LEAD, "data": {}} | more
    return Event(
        event_id=str(n),
        source=source,
        lead_id=lead,
        occurred_at=at,
        received_at=at,
        **fields,  # type: ignore[arg-type]  # as the event has them
    )


@dataclass
class Integrations:
    """Two that send back what they see written; every fourth time, each other's."""

    service: Service
    coming: deque[tuple[str, str, str]] = field(default_factory=deque)
    n_echoes: int = 0
    n_writes: int = 0
    _last_row: int = 0

    def next(self, n: int) -> Event:
        """What is sent then: an echo that waits, or else a lead's visit."""
        if not self.coming:
            return event(n, "site", f"L-{n % N_LEADS}")
        source, lead, priority = self.coming.popleft()
        self.n_echoes += 1
        if self.n_echoes % 4 == 1:
            other = "erp" if source == "crm" else "crm"
            self.coming.append((other, lead, priority))
        told: dict[str, object] = {"data": {"priority": priority}}
        told |= {"kind": "attributes_set", "actor": Actor.AUTOMATION}
        return event(n, source, lead, **told)

    def look(self) -> None:
        """See what this system wrote since, as its own events tell it."""
        own = select(EventRow.id, LeadRow.external_id, EventRow.data).join(LeadRow)
        newer = own.where(EventRow.source == "frein", EventRow.id > self._last_row)
        with self.service.store.reading() as session:
            rows = session.execute(newer.order_by(EventRow.id)).all()
        for row, lead, told in rows:
            self._last_row, self.n_writes = row, self.n_writes + 1
            priority = orjson.loads(told)["to"]
            self.coming += [(source, lead, priority) for source in ("crm", "erp")]


def test_echoes_start_nothing_and_each_is_recorded(service: Service) -> None:
    both = Integrations(replace(service, rules=RULES))
    for n in range(N_EVENTS):
        sent = both.next(n)
        ingest(both.service, [sent], sent.received_at)
        both.look()

    with service.store.reading() as session:
        rows = session.execute(select(AuditRow.action, AuditRow.depth)).all()
    actions = Counter(row.action for row in rows)
    assert both.n_echoes > N_LEADS
    assert actions["echo_seen"] == both.n_echoes
    assert both.n_writes == N_LEADS  # each lead's first visit set its priority, once
    others = N_EVENTS - both.n_echoes - both.n_writes
    assert actions["rule_stopped"] == others  # they would change nothing
    assert max(row.depth for row in rows) <= MOST_DEPTH
