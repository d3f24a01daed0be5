"""Two integrations that send each other's writes back, and ours: no loop."""

from collections import Counter, deque
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select

from features.event import Actor, Event
from governance.engine import MOST_DEPTH
from serving.ingestion import ingest
from serving.service import Service
from serving.tables import AuditRow, EventRow
from tests.governance.rule_builders import make_rules
from tests.serving.builders import NOW
from tests.serving.test_following import HIGH, LOW

N_EVENTS, N_LEADS = 1_000, 40
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


def own_writes(service: Service) -> list[tuple[str, str]]:
    """The events by which this system told its writes: id and priority."""
    with service.store.reading() as session:
        rows = session.execute(
            select(EventRow.event_id, EventRow.data)
            .where(EventRow.source == "frein")
            .order_by(EventRow.id)
        )
        return [(row.event_id, row.data) for row in rows]


def test_echoes_start_nothing_and_each_is_recorded(service: Service) -> None:
    braked = replace(service, rules=RULES)
    coming: deque[tuple[str, str, str]] = deque()  # source, lead, priority
    n_writes = n_echoes = 0
    for n in range(N_EVENTS):
        lead = f"L-{n % N_LEADS}"
        if coming:
            source, lead, priority = coming.popleft()
            n_echoes += 1
            sent = event(
                n,
                source,
                lead,
                kind="attributes_set",
                actor=Actor.AUTOMATION,
                data={"priority": priority},
            )
            if n_echoes % 4 == 1:  # the other integration sends it on, once
                other = "erp" if source == "crm" else "crm"
                coming.append((other, lead, priority))
        else:
            sent = event(n, "site", lead)
        ingest(braked, [sent], sent.received_at)
        written = own_writes(braked)
        for _, data in written[n_writes:]:
            priority = "elevee" if "elevee" in data else "basse"
            coming += [(source, lead, priority) for source in ("crm", "erp")]
        n_writes = len(written)

    with service.store.reading() as session:
        rows = session.execute(select(AuditRow.action, AuditRow.depth)).all()
    actions = Counter(row.action for row in rows)
    assert n_echoes > N_LEADS
    assert actions["echo_seen"] == n_echoes
    assert n_writes == N_LEADS  # each lead's first visit set its priority, once
    assert actions["rule_stopped"] == N_EVENTS - n_echoes - n_writes  # no change
    assert max(row.depth for row in rows) <= MOST_DEPTH
