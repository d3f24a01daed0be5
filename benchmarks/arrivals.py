"""`POST /v1/events`, one client: with rules, score and audit in the transaction.

The service runs in a process of its own, on a database that is filled with open leads
of the log first, and its audit with rows about them. Each call brings one event of
another lead, as it might happen now.

    python -m benchmarks.arrivals --log logs/demo --database URL --audit-rows 1000000
"""

import argparse
import os
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import httpx2
import numpy as np
import orjson

from features.event import Actor
from features.log import read_log
from governance.audit.chain import Action, AuditEntry, Subject, SubjectKind
from governance.people.principal import Principal, PrincipalKind
from serving.app.startup import open_service
from serving.audit.verification import anchor
from serving.auth.api_keys import NewApiKey, replace_key
from serving.demo.client import running_service
from serving.events.import_log import load_leads, missing_leads, open_leads
from serving.repositories.api_keys import Scope
from serving.repositories.audit import append
from serving.repositories.lead_states import lead_states
from serving.runtime.service import Service
from serving.runtime.settings import Settings
from serving.runtime.worker_process import environment_variable
from serving.scoring.model_registry import mlflow_registry

WARM_UP = 30  # calls that don't count
ROWS_AT_ONCE = 10_000  # of the audit, in a transaction
LIKELY: tuple[tuple[str, dict[str, str]], ...] = (  # kinds of event, and what they say
    ("page_viewed", {"page": "tarifs"}),
    ("email_clicked", {}),
    ("email_replied", {}),
    ("page_viewed", {"page": "accueil"}),
    ("form_submitted", {"form": "demo"}),
)


def filled(
    log_folder: Path, n_leads: int, audit_rows: int = 0
) -> tuple[str, list[str]]:
    """Load leads where they are missing; a key that sends events, and the leads.

    The audit gets its rows, and an anchor after them: a start verifies from there.
    """
    registry = mlflow_registry()
    with open_service(Settings(), registry.load(registry.champion())) as service:
        log = read_log(log_folder)
        leads = open_leads(log)[:n_leads]
        now = datetime.now(UTC)
        missing = missing_leads(service, leads)
        load_leads(service, log, missing, now, lambda _: None)
        if audit_rows:
            _lengthen_audit(service, leads, audit_rows, now)
            anchor(service.store, service.settings.anchors_folder, now)
        wish = NewApiKey(
            name="arrivals",
            source="site",
            max_actor=Actor.LEAD,
            default_actor=Actor.LEAD,
            scopes=frozenset({Scope.EVENTS}),
            expires_at=None,
        )
        return replace_key(service.store, wish, now), leads


def _lengthen_audit(
    service: Service, leads: Sequence[str], n_rows: int, now: datetime
) -> None:
    """Rows such as rules leave that lost, on each lead in turn."""
    with service.store.reading() as session:
        uuids = [one.id for one in lead_states(session, leads).values()]
    written = 0
    while written < n_rows:
        entries = [
            AuditEntry(
                action=Action.RULE_STOPPED,
                by=Principal(PrincipalKind.AUTOMATION, "R-01"),
                subject=Subject(SubjectKind.LEAD, lead),
                lead=lead,
                why={"fate": "lost", "rule": "R-01", "winner": "R-02"},
            )
            for lead, _ in zip(cycle(uuids), range(ROWS_AT_ONCE), strict=False)
        ]
        with service.store.writing() as session:
            append(session, entries, now)
        written += len(entries)


def bodies(leads: Sequence[str], calls: int) -> Iterator[bytes]:
    for n in range(calls):
        kind, told = LIKELY[n % len(LIKELY)]
        yield orjson.dumps(
            {
                "specversion": "1.0",
                "id": uuid4().hex,
                "source": "site",
                "type": kind,
                "time": datetime.now(UTC).isoformat(),
                "subject": leads[n % len(leads)],
                "data": told,
            }
        )


def measured(key: str, leads: Sequence[str], calls: int) -> list[float]:
    """How long each call took, in milliseconds."""
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    milliseconds = []
    with (
        running_service() as address,
        httpx2.Client(base_url=address, headers=headers, timeout=60) as client,
    ):
        for body in bodies(leads, WARM_UP + calls):
            started = time.perf_counter()
            client.post("/v1/events", content=body).raise_for_status()
            milliseconds.append(1e3 * (time.perf_counter() - started))
    return milliseconds[WARM_UP:]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.arrivals")
    parser.add_argument("--log", type=Path, required=True, help="a log's folder")
    parser.add_argument("--database", help="its URL; else a new SQLite file")
    parser.add_argument("--leads", type=int, default=200)
    parser.add_argument("--calls", type=int, default=500)
    parser.add_argument("--audit-rows", type=int, default=0, help="there beforehand")
    options = parser.parse_args(arguments)
    with TemporaryDirectory(prefix="frein-arrivals-") as folder:
        url = options.database or f"sqlite:///{Path(folder) / 'frein.db'}"
        with (
            environment_variable("FREIN_DATABASE_URL", url),
            environment_variable("FREIN_AUDIT_FOLDER", str(Path(folder) / "audit")),
        ):
            key, leads = filled(options.log, options.leads, options.audit_rows)
            took = measured(key, leads, options.calls)
    told = {f"p{p}_ms": round(float(np.percentile(took, p)), 2) for p in (50, 90, 99)}
    told |= {"calls": options.calls, "leads": options.leads}
    told |= {"audit_rows": options.audit_rows}
    told["load_average"] = round(os.getloadavg()[0], 2)  # of the machine, meanwhile
    print(orjson.dumps(told | {"database": url.partition(":")[0]}).decode())


if __name__ == "__main__":
    main()
