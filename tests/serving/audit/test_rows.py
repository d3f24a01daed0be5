"""The audit's rows of a whole story, one by one, each after its cause."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, text

from governance.people.roles import Role
from governance.rules.exception_cases import Cases
from serving.app.scheduler import tick
from serving.database.engine import Store
from serving.runtime.service import Service
from tests.serving.builders import NOW, make_event, make_person
from tests.serving.transaction.test_consequences import CASE, HIGH, LOW, TASK, Governed

ROWS = Path(__file__).with_name("rows.txt")
ON_REPLY = '{ event = { kind = "email_replied" } }'
ON_RAISE = '{ event = { kind = "priority_set", where = { to = "elevee" } } }'
RULES = (
    {"then": TASK},
    {"then": '{ notify = "manager" }', "sources": '["site"]'},
    {"on": '{ event = { kind = "meeting_held" } }', "then": '{ assign = "Jean Roy" }'},
    {"on": ON_REPLY, "then": HIGH},
    {"on": ON_REPLY, "then": LOW},
    {"on": ON_REPLY, "then": '{ propose_move = "negociation_finale" }'},
    {"on": ON_RAISE, "then": '{ notify = "owner" }'},
)
Event = dict[str, Any]
SEEN: Event = {"type": "page_viewed"}
MOVED: Event = {"type": "stage_changed", "actor": "automation"}
JEAN, ZOE = ({"type": "attributes_set", "data": {"owner": o}} for o in ("Jean", "Zoé"))
WHY = {"reason": "budget"}
LOST = WHY | {"stage": "perdu", "text": "Gelé", "lost_reason": "budget"}
AUDIT = """
    SELECT audit.*, lead.external_id AS lead,
           event.kind || ' ' || event.event_id AS event
    FROM audit
    JOIN lead
      ON replace(CAST(lead.id AS TEXT), '-', '') = replace(audit.lead_id, '-', '')
    LEFT JOIN event ON event.id = audit.event_id
    ORDER BY seq
"""
ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{64}")


class Story:
    """What an integration, a person and the clock do to leads."""

    def __init__(self, service: Service) -> None:
        settled = CASE | {"settled_by_decision": True}
        cases = Cases.model_validate({"version": 1, "case": [settled]})
        self.crm = Governed(service, *RULES, cases=cases)
        self.key = self.crm.headers
        self.awa = make_person(service, Role.ADMIN)[1]
        self.n_events = 0

    def send(self, *events: Event) -> None:
        """Each occurs a second after the one before."""
        told: list[Event] = []
        for event in events:
            self.n_events += 1
            at = self.crm.service.clock() + timedelta(seconds=len(told))
            told.append(make_event(id=f"e{self.n_events}", time=at.isoformat()) | event)
        self.crm.send(*told)
        self.a_second_later()

    def a_second_later(self) -> None:
        """So that no two tasks are as old as one another."""
        self.crm.service.clock.advance(timedelta(seconds=1))  # type: ignore[attr-defined]  # a SetClock

    def ask(self, who: dict[str, str], path: str, **body: Any) -> None:
        answer = self.crm.client.post(f"/v1/{path}", json=body, headers=who)
        assert answer.status_code < 500, answer.text
        self.a_second_later()

    def decide(self, end: str, who: dict[str, str]) -> None:
        """Confirm or dismiss the oldest of L-1's proposals."""
        oldest = self.crm.lead["proposals"][0]["id"]
        self.ask(who, f"proposals/{oldest}/{end}", reason="vu")

    def tick_after(self, time: timedelta) -> None:
        self.crm.service.clock.advance(time)  # type: ignore[attr-defined]  # a SetClock
        tick(self.crm.service, self.crm.service.clock())


def one_lead(story: Story) -> None:
    lead, awa, key = "leads/L-1", story.awa, story.key
    story.send(JEAN, SEEN)
    story.send(ZOE, {"type": "email_replied"})
    story.ask(key, f"{lead}/stage-moves", to="perdu")
    story.ask(key, f"{lead}/stage-moves", to="perdu")
    story.decide("confirm", key)
    story.decide("confirm", awa)
    story.send({"type": "meeting_held"})
    story.send(SEEN, MOVED | {"data": {"to": "gagne"}})
    story.ask(key, f"{lead}/concessions", percent=40.0)
    story.ask(awa, f"{lead}/concessions", percent=5.0, reason="oui")
    story.ask(awa, f"{lead}/overrides", kind="priority_confirmed", reason="accord")
    story.decide("dismiss", awa)
    story.ask(
        awa,
        f"{lead}/overrides",
        kind="status_adjusted",
        **LOST,
    )
    story.ask(awa, f"{lead}/suspensions", **WHY)
    story.ask(awa, "rules/R-01/suspensions", **WHY)
    story.ask(awa, f"{lead}/notes", tone=1)


def two_others(story: Story) -> None:
    awa, key = story.awa, story.key
    story.send(*({"subject": "L-2", "type": "email_replied"} for _ in range(2)))
    story.send(MOVED | {"subject": "L-2", "data": {"to": "negociation_finale"}})
    story.ask(key, "leads/L-2/stage-moves", to="perdu")
    back: list[Event] = [MOVED | {"data": {"to": to}} for to in ("gagne", "qualifie")]
    story.send(*(move | {"subject": "L-3"} for move in (*back, SEEN)))
    ahead = (NOW + timedelta(minutes=4)).isoformat()
    story.send({"subject": "L-3", "time": ahead})
    story.ask(key, "leads/L-3/requalifications", priority="elevee")
    contested = {"kind": "priority_contested", "priority": "basse"}
    story.ask(awa, "leads/L-3/overrides", **contested, **WHY)
    story.ask(key, "leads/L-3/stage-moves", to="gagne")
    story.ask(awa, "leads/L-3/stage-moves", to="gagne")
    story.tick_after(timedelta(days=4))
    story.tick_after(timedelta(days=14))


def test_a_story_leaves_these_rows(service: Service) -> None:
    story = Story(service)
    one_lead(story)
    two_others(story)
    assert rows(service.store) == ROWS.read_text(encoding="utf-8")


def rows(store: Store) -> str:
    """The audit of leads, a row a line; for an id, the row or the name that it is."""
    with store.reading() as session:
        principals = session.execute(text("SELECT id, kind, name FROM principal"))
        names = {
            str(UUID(str(one.id))): _name(one.kind, one.name) for one in principals
        }
        audit = session.execute(text(AUDIT)).mappings().all()
    for n, row in enumerate(audit, 1):
        names |= {row["id"]: f"#{n}", row["lead_id"]: row["lead"]}

    def named(found: re.Match[str]) -> str:
        return names.setdefault(found.group(), "…")

    return "".join(f"{ID.sub(named, _line(row))}\n" for row in audit)


def _name(kind: str, name: str) -> str:
    return "a key" if kind == "integration" and name != "crm" else name


def _line(row: RowMapping) -> str:
    state = f"{row['state_before'] or ''} -> {row['state_after'] or ''}"
    cause = row["causation_id"] or row["event"] or "itself"
    return (
        f"{row['id']} {row['action']} by {row['who_kind']}"
        f" {row['who_id']} on {row['subject_kind']} {row['subject_id']}: {state};"
        f" why {row['why']}; after {cause}, depth {row['depth']}"
    )
