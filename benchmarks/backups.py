"""Backup and restore of a large store: under load, and killed on the way.

The store is filled, and saved while a client sends events; it is restored elsewhere,
saved once more and held against it row by row. Then saving and restoring are killed in
turn: a backup is to be whole or absent, a store the old one or the new one.

    python -m benchmarks.backups --events 1000000 --kills 10 --database URL
"""

import hashlib
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing, suppress
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path
from random import Random
from subprocess import DEVNULL
from tempfile import TemporaryDirectory

import httpx2
import orjson
from sqlalchemy import func, select

from benchmarks.common.bare_service import bare_service
from benchmarks.common.calls import SECONDS_TO_ANSWER, event_now, new_key
from benchmarks.common.command_line import at_least, parser_of, print_json
from features.event import Actor, Event
from governance.audit.chain import SYSTEM, Action
from serving.app.startup import open_service
from serving.audit.reconciliation import reconcile
from serving.audit.seals import seal_events
from serving.audit.verification import anchor, find_break
from serving.backup.archive import back_up, unpacked
from serving.backup.restore import restore
from serving.database.engine import Store
from serving.database.tables import AuditRow, Base, EventRow, PrincipalRow
from serving.demo.client import HOST, free_port
from serving.repositories.api_keys import Scope
from serving.repositories.events import add_events
from serving.repositories.lead_states import lead_states
from serving.runtime.settings import Settings
from serving.runtime.worker_process import environment_variable

EVENTS_AT_ONCE = 10_000  # in a transaction
EVENTS_A_LEAD = 500
Counts = dict[str, int]


def tried(database: str, folder: Path, n_events: int, kills: int) -> dict[str, object]:
    """Seconds, and what was found: `missing` and `halves` are to be 0, `equal` true and
    `faults` empty. `database` is the URL of a new one."""
    with (
        environment_variable("FREIN_DATABASE_URL", database),
        environment_variable("FREIN_AUDIT_FOLDER", str(folder / "audit")),
    ):
        anchors = Settings().anchors_folder
        with closing(Store(database)) as store:
            report = _saved_under_load(store, anchors, folder, n_events)
            seconds, is_equal = _held_against(store, anchors, folder)
            killed = _killed(store, anchors, folder, kills, seconds)
    return report | {"equal": is_equal} | seconds | killed


# --- Under load -------------------------------------------------------------------


def _saved_under_load(
    store: Store, anchors: Path, folder: Path, n_events: int
) -> dict[str, object]:
    with open_service(Settings()):  # the store is made
        key = new_key(store, "site", Scope.EVENTS)
    leads = [f"L-{n}" for n in range(max(1, n_events // EVENTS_A_LEAD))]
    port, stop, sent = free_port(), threading.Event(), set[str]()
    with bare_service(port):
        _send(port, key, leads, sent, stop)
        _fill(store, leads, n_events - len(leads))
        seal_events(store, None, datetime.now(UTC))
        anchor(store, anchors, datetime.now(UTC))
        asked = (port, key, cycle(leads), sent, stop)
        client = threading.Thread(target=_send, args=asked)
        client.start()
        time.sleep(1)
        before, began = set(sent), time.monotonic()
        back_up(store, anchors, folder / "loaded", datetime.now(UTC))
        took, meanwhile = time.monotonic() - began, len(sent) - len(before)
        stop.set()
        client.join()
    url = f"sqlite:///{folder}/loaded.db"
    restore(url, folder / "a", folder / "loaded", datetime.now(UTC), verify=True)
    with closing(Store(url)) as restored:
        with restored.reading() as session:
            there = set(session.scalars(select(EventRow.event_id)))
        found = _faults(restored, folder / "a")
    return {
        "events": len(there),
        "backup_s": round(took, 1),
        "acknowledged_before": len(before),
        "acknowledged_meanwhile": meanwhile,
        "missing": len(before - there),
        "faults": found,
    }


def _send(
    port: int, key: str, leads: Iterable[str], sent: set[str], stop: threading.Event
) -> None:
    """An event on each lead; `sent`: the ids of those that were acknowledged."""
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    url = f"http://{HOST}:{port}/v1/events"
    with httpx2.Client(headers=headers, timeout=SECONDS_TO_ANSWER) as http:
        for lead in leads:
            body = event_now(lead, "site", "page_viewed", {"page": "tarifs"})
            http.post(url, content=body).raise_for_status()
            sent.add(orjson.loads(body)["id"])
            if stop.is_set():
                return


def _fill(
    store: Store, leads: Sequence[str], n_events: int, source: str = "history"
) -> None:
    """Events of a history, on each lead in turn, as many as are asked for: of the
    instant of its first, so that the lead's own dates stay true."""
    with store.reading() as session:
        states = lead_states(session, leads)
    uuids = {lead: state.id for lead, state in states.items()}
    entered = [states[lead].entered_at for lead in leads]
    now = datetime.now(UTC)
    events = (
        Event(
            event_id=str(n),
            source=source,
            lead_id=leads[n % len(leads)],
            kind="page_viewed",
            actor=Actor.LEAD,
            occurred_at=entered[n % len(leads)] or now,
            received_at=now,
            data={"page": "tarifs"},
        )
        for n in range(n_events)
    )
    while some := list(islice(events, EVENTS_AT_ONCE)):
        with store.writing() as session:
            add_events(session, some, uuids)


def _faults(store: Store, anchors: Path) -> list[str]:
    broken = find_break(store, anchors, whole=True)
    told = [] if broken is None else [f"{broken.kind.value} {broken.seq}"]
    return told + [str(d) for d in reconcile(store).differences]


# --- Quiet ------------------------------------------------------------------------


def _held_against(
    store: Store, anchors: Path, folder: Path
) -> tuple[dict[str, float], bool]:
    """The seconds that each takes, and whether what is restored equals the store."""
    url, quiet = f"sqlite:///{folder}/quiet.db", folder / "quiet"
    began = time.monotonic()
    back_up(store, anchors, quiet, datetime.now(UTC))
    saved = time.monotonic()
    restore(url, folder / "b", quiet, datetime.now(UTC), verify=True)
    restored = time.monotonic()
    with closing(Store(url)) as other:
        is_equal = _digests(other) == _digests(store)
    seconds = {
        "quiet_backup_s": round(saved - began, 1),
        "restore_verified_s": round(restored - saved, 1),
    }
    return seconds, is_equal


def _digests(store: Store) -> dict[str, str]:
    """By table, of all rows but those that say that a store was restored."""
    digests = {}
    with store.reading() as session:
        for table in Base.metadata.sorted_tables:
            query = select(table).order_by(*table.primary_key)
            if table.name == AuditRow.__tablename__:
                query = query.where(AuditRow.action != Action.STORE_RESTORED)
            if table.name == PrincipalRow.__tablename__:
                query = query.where(PrincipalRow.kind != SYSTEM.kind)
            digest = hashlib.sha256()
            for row in session.execute(query, execution_options={"yield_per": 5_000}):
                digest.update(repr(tuple(row)).encode())
            digests[table.name] = digest.hexdigest()
    return digests


# --- Killed -----------------------------------------------------------------------


def _killed(
    store: Store, anchors: Path, folder: Path, kills: int, seconds: Mapping[str, float]
) -> dict[str, int]:
    """How often each was killed, how many backups and stores were whole in spite of it,
    and how many were neither whole nor as before."""
    random, told = Random(0), Counter[str]()
    new = _rows(folder / "quiet")
    for n in range(kills):
        _fill(store, ["L-0"], 1, source=f"killed-{n}")
        old = _counts(store)
        store.close()
        to = folder / f"killed-{n}"
        _kill(random.uniform(0, 1) * seconds["quiet_backup_s"], "backup", to)
        if to.exists():
            told["backups_whole"] += 1
            told["halves"] += _rows(to) != old
        whole = random.uniform(0, 1) * seconds["restore_verified_s"]
        _kill(whole, "restore", folder / "quiet", "--verify")
        there = _counts(store)
        is_whole = find_break(store, anchors, whole=True) is None
        told["stores_restored"] += there == new
        told["halves"] += there not in (old, new) or not is_whole
    return {"kills": 2 * kills, "halves": 0} | told


def _kill(seconds: float, *command: str | Path) -> None:
    """Kill a command after that long, and what it takes to start."""
    frein = [sys.executable, "-m", "frein"]
    began = time.monotonic()
    subprocess.run([*frein, str(command[0]), "--help"], check=True, stdout=DEVNULL)
    started = time.monotonic() - began
    with subprocess.Popen([*frein, *map(str, command)], stdout=DEVNULL) as process:
        with suppress(subprocess.TimeoutExpired):
            process.wait(started + seconds)
        process.kill()


def _rows(backup: Path) -> Counts:
    """By table, as a whole backup says and has them."""
    with TemporaryDirectory(prefix="frein-backups-") as folder:
        copy = Path(folder) / "copy"
        shutil.copyfile(backup, copy)
        label = unpacked(copy, Path(folder) / "anchors", whole=True)
        return _compared(label.rows)


def _counts(store: Store) -> Counts:
    with store.reading() as session:
        tables = Base.metadata.sorted_tables
        count = {t.name: select(func.count()).select_from(t) for t in tables}
        return _compared({n: session.scalar(query) or 0 for n, query in count.items()})


def _compared(counts: Mapping[str, int]) -> Counts:
    """But for the audit, which says that a store was restored, and by whom."""
    apart = (AuditRow.__tablename__, PrincipalRow.__tablename__)
    return {name: count for name, count in counts.items() if name not in apart}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = parser_of("backups", __doc__)
    parser.add_argument("--database", help="the URL of a new one; else a SQLite file")
    parser.add_argument("--events", type=at_least(1), default=1_000_000)
    parser.add_argument("--kills", type=at_least(0), default=10, help="of each command")
    options = parser.parse_args(arguments)
    with TemporaryDirectory(prefix="frein-backups-") as folder:
        url = options.database or f"sqlite:///{folder}/frein.db"
        report = tried(url, Path(folder), options.events, options.kills)
    print_json(report | {"database": url.partition(":")[0]})
    if report["missing"] or report["halves"] or report["faults"] or not report["equal"]:
        sys.exit(1)


if __name__ == "__main__":
    main()
