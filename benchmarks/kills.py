"""Crash test of the service (kill -9 under load): is every acknowledged write there?

Clients send events, override priorities and move stages, each until it is answered;
meanwhile the service is killed and started again. No model serves: the store is what is
tried. `--database` is emptied of nothing: give a new one.

    python -m benchmarks.kills --database sqlite:///kills.db --kills 20
"""

import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from uuid import uuid4

import httpx2
import orjson
from sqlalchemy import func, select

from benchmarks.common.bare_service import bare_service
from benchmarks.common.calls import SECONDS_TO_ANSWER, event_now, new_key
from benchmarks.common.command_line import parser_of, print_json
from governance.people.roles import Role
from serving.app.startup import open_service
from serving.audit.verification import find_break
from serving.auth.accounts import NewAccount, open_account
from serving.auth.sessions import issue_token
from serving.database.tables import DecisionRow, EventRow, TaskRow
from serving.demo.client import HOST, free_port
from serving.repositories.api_keys import Scope
from serving.runtime.service import Service
from serving.runtime.settings import Settings
from serving.runtime.worker_process import environment_variable

LEADS_A_CLIENT = 25
SECONDS_TO_START = 60
REASON = "budget"  # of the short list
RULES = """
version = 1
most_writes_per_hour = 1000
[[rule]]
id = "R-01"
title = "Visite des tarifs"
why = "Le prospect a visité la page tarifs."
owner = "Awa Diallo"
priority = 1
on = { event = { kind = "page_viewed" } }
then = { create_task = { expected = "appel", working_days = 1 } }
again_after = "365d"
"""


def tried(
    database: str, folder: Path, *, kills: int, clients: int, writes: int
) -> dict[str, int | str | None]:
    """Kill the service so many times, each after some acknowledged writes.

    `lost` and `doubled` are to be 0, and `broken` None. `database` is the URL of a new
    one; `folder` is for the rules and the audit's anchors.
    """
    rules = folder / "rules.toml"
    rules.write_text(RULES, encoding="utf-8")
    port, stop = free_port(), threading.Event()
    with (
        environment_variable("FREIN_DATABASE_URL", database),
        environment_variable("FREIN_RULES_FILE", str(rules)),
        environment_variable("FREIN_AUDIT_FOLDER", str(folder / "audit")),
        environment_variable("FREIN_TICK_SECONDS", "1"),
    ):
        settings = Settings()
        key, token = _callers(settings)
        load = [_Client(n, port, key, token, stop) for n in range(clients)]
        for client in load:
            client.start()
        for _ in range(kills):
            with bare_service(port) as process:
                _wait_for(load, writes)
                process.kill()
        stop.set()
        for client in load:
            client.join()
    with open_service(settings) as service:
        return _report(service, load, kills)


def _wait_for(load: Sequence["_Client"], writes: int) -> None:
    """Until so many more writes are acknowledged; then amid the next ones."""
    until = time.monotonic() + SECONDS_TO_ANSWER
    enough = writes + sum(client.n_done for client in load)
    while sum(client.n_done for client in load) < enough:
        if time.monotonic() > until:
            raise RuntimeError("the service doesn't answer")
        time.sleep(0.01)


def _callers(settings: Settings) -> tuple[str, str]:
    """A key that sends events, and a token of a person who decides."""
    now = datetime.now(UTC)
    with open_service(settings) as service:
        person = NewAccount(login="awa", name="Awa Diallo", role=Role.ADMIN, team=None)
        open_account(service.store, person, now)
        token = issue_token(service.store, "awa", timedelta(days=1), now, now)
        return new_key(service.store, "crm", Scope.EVENTS), token


class _Client(threading.Thread):
    """Sends one write after another, each again until it is answered."""

    def __init__(
        self, n: int, port: int, key: str, token: str, stop: threading.Event
    ) -> None:
        super().__init__(daemon=True)
        self.events: set[str] = set()  # ids of what the service said was done
        self.overrides: set[str] = set()
        self.decisions: set[str] = set()
        self._random, self._stopped, self._n = Random(n), stop, n
        self._key, self._token = key, token
        self._http = httpx2.Client(base_url=f"http://{HOST}:{port}/v1", timeout=30)

    @property
    def n_done(self) -> int:
        return len(self.events) + len(self.overrides) + len(self.decisions)

    def run(self) -> None:
        while not self._stopped.is_set():
            lead = f"L-{self._n}-{self._random.randrange(LEADS_A_CLIENT)}"
            body = event_now(lead, "crm", "page_viewed", {"page": "tarifs"})
            if self._sent("/events", body, self._key):
                self.events.add(orjson.loads(body)["id"])
            drawn = self._random.randrange(4)
            if drawn == 0:
                to = self._random.choice(["elevee", "normale", "basse"])
                wish = {"kind": "priority_contested", "priority": to, "reason": REASON}
                if answer := self._decide(f"/leads/{lead}/overrides", wish):
                    self.overrides.add(str(answer["event_id"]))
            elif drawn == 1:
                to = self._random.choice(["contacte", "qualifie", "negociation_finale"])
                if answer := self._decide(f"/leads/{lead}/stage-moves", {"to": to}):
                    self.decisions.add(str(answer["decision_id"]))

    def _decide(self, path: str, wish: dict[str, str]) -> dict[str, object]:
        return self._sent(path, orjson.dumps(wish), self._token)

    def _sent(self, path: str, body: bytes, token: str) -> dict[str, object]:
        """The answer, if it says that it was done; else nothing."""
        headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
            "Idempotency-Key": uuid4().hex,
        }
        while not self._stopped.is_set():
            try:
                answer = self._http.post(path, content=body, headers=headers)
            except httpx2.TransportError:
                time.sleep(0.2)  # it was killed; it comes back
                continue
            done: dict[str, object] = answer.json() if answer.is_success else {}
            return done
        return {}


def _report(
    service: Service, load: Sequence["_Client"], kills: int
) -> dict[str, int | str | None]:
    events, overrides, decisions = (
        set[str]().union(*(getattr(client, name) for client in load))
        for name in ("events", "overrides", "decisions")
    )
    with service.store.reading() as session:
        stored = list(session.scalars(select(EventRow.event_id)))
        decided = set(map(str, session.scalars(select(DecisionRow.id))))
        by_rule = session.scalars(
            select(func.count())
            .select_from(TaskRow)
            .where(TaskRow.opened_by.is_not(None))
            .group_by(TaskRow.lead_id, TaskRow.opened_by)
        ).all()
    broken = find_break(service.store, service.settings.anchors_folder, whole=True)
    lost = [*(events | overrides) - set(stored), *decisions - decided]
    return {
        "kills": kills,
        "events": len(events),
        "overrides": len(overrides),
        "decisions": len(decisions),
        "tasks": sum(by_rule),
        "lost": len(lost),
        "doubled": len(stored) - len(set(stored)) + sum(n - 1 for n in by_rule),
        "broken": f"{broken.kind.value} {broken.seq}" if broken else None,
    }


def main(arguments: Sequence[str] | None = None) -> None:
    parser = parser_of("kills", __doc__)
    parser.add_argument("--database", help="the URL of a new database")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--writes", type=int, default=40, help="before each kill")
    options = parser.parse_args(arguments)
    if options.database is None:
        parser.error("--database is needed: the URL of a new one")
    with tempfile.TemporaryDirectory(prefix="frein-kills-") as folder:
        counts = {name: vars(options)[name] for name in ("kills", "clients", "writes")}
        report = tried(options.database, Path(folder), **counts)
    print_json(report)
    if report["lost"] or report["doubled"] or report["broken"]:
        sys.exit(1)


if __name__ == "__main__":
    main()
