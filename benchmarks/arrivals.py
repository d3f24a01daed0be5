"""Speed of `POST /v1/events` for one client, with rules, score and audit.

The service runs in a process of its own, on a database that is filled with open leads
of the log first, and its audit with rows about them. Each call brings one event of
another lead, as it might happen now.

    python -m benchmarks.arrivals --log logs/demo --database URL --audit-rows 1000000
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.common.calls import event_now, new_key, posting, timed
from benchmarks.common.command_line import load_average, parser_of, print_json
from features.log import read_log
from governance.audit.chain import Action, AuditEntry, Subject, SubjectKind
from governance.people.principal import Principal, PrincipalKind
from serving.app.startup import open_service
from serving.audit.verification import anchor
from serving.events.import_log import load_leads, missing_leads, open_leads
from serving.repositories.api_keys import Scope
from serving.repositories.audit import append
from serving.repositories.lead_states import lead_states
from serving.runtime.service import Service
from serving.runtime.settings import Settings
from serving.runtime.worker_process import environment_variable
from serving.scoring.model_registry import mlflow_registry

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
        return new_key(service.store, "site", Scope.EVENTS), leads


def _lengthen_audit(
    service: Service, leads: Sequence[str], n_rows: int, now: datetime
) -> None:
    """Rows such as rules leave that lost, on each lead in turn."""
    with service.store.reading() as session:
        uuids = cycle([state.id for state in lead_states(session, leads).values()])
    for _ in range(0, n_rows, ROWS_AT_ONCE):
        entries = [
            AuditEntry(
                action=Action.RULE_STOPPED,
                by=Principal(PrincipalKind.AUTOMATION, "R-01"),
                subject=Subject(SubjectKind.LEAD, lead),
                lead=lead,
                why={"fate": "lost", "rule": "R-01", "winner": "R-02"},
            )
            for lead in islice(uuids, ROWS_AT_ONCE)
        ]
        with service.store.writing() as session:
            append(session, entries, now)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = parser_of("arrivals", __doc__)
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
            pairs = zip(cycle(leads), cycle(LIKELY), strict=False)
            bodies = (event_now(lead, "site", *likely) for lead, likely in pairs)
            with posting("/v1/events", key) as post:
                took = timed(post, bodies, options.calls)
    percentiles = {f"p{p}_ms": round(took.percentile(p), 2) for p in (50, 90, 99)}
    about = {"calls": options.calls, "leads": options.leads}
    about |= {"audit_rows": options.audit_rows, "load_average": load_average()}
    print_json(percentiles | about | {"database": url.partition(":")[0]})


if __name__ == "__main__":
    main()
