"""Server time and weight of the console's heaviest pages, for an administrator.

A store of its own is filled with copies of the log's open leads, as of yesterday and of
now; those on the first page of À traiter were scored once an hour since, and one lead
has many events. Pages are asked of the application in this process.

    python -m benchmarks.console --log logs/demo
"""

import re
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl
from starlette.testclient import TestClient

from benchmarks.common.command_line import load_average, parser_of, print_json
from benchmarks.speed.cut_leads import copied
from features.log import Log, read_log
from governance.people.roles import Role
from serving.app.application import create_app
from serving.app.startup import open_service
from serving.auth.accounts import NewAccount, open_account
from serving.auth.dependencies import COOKIE
from serving.auth.sessions import begin_session
from serving.console.inbox.page import ON_A_PAGE
from serving.console.page.rendering import HOME, address_of
from serving.events.import_log import known_between, load_leads, open_leads
from serving.repositories.leads import LeadFilter, listed_leads
from serving.runtime.service import Service
from serving.runtime.settings import Settings
from serving.scoring.model_registry import mlflow_registry
from serving.scoring.scoring import score_stored

WARM_UP = 5  # calls that don't count
SCORES = 24  # one an hour since yesterday, on the first page
MANY_EVENTS = "many-events"  # a lead
_LINKED = re.compile(r'(?:src|href)="([^"]+\.(?:css|js|svg))"')


def copies(log: Log, n_leads: int, n_events: int) -> Log:
    """So many open leads, copied where the log has fewer; one more has `n_events`."""
    events = log.events.filter(pl.col("lead_id").is_in(open_leads(log)))
    busiest = events["lead_id"].value_counts(sort=True)["lead_id"][0]
    own = events.filter(pl.col("lead_id") == busiest)
    many = copied(own, -(-n_events // own.height), timedelta()).head(n_events)
    many = many.with_columns(pl.col("event_id") + "-m", lead_id=pl.lit(MANY_EVENTS))
    return Log(log.about, pl.concat([copied(events, n_leads, timedelta()), many]))


def fill(service: Service, log: Log, now: datetime) -> None:
    yesterday = now - timedelta(days=1)
    names = log.events["lead_id"].unique().sort().to_list()
    before, since = (
        known_between(log, *ends) for ends in ((None, yesterday), (yesterday, now))
    )
    load_leads(service, before, names, yesterday, lambda _: None)
    with service.store.reading() as session:
        listed = listed_leads(session, LeadFilter(), limit=ON_A_PAGE, offset=0)
    for lead_id in (*(lead.lead_id for lead in listed), MANY_EVENTS):
        for hour in range(SCORES):
            score_stored(service, lead_id, yesterday + timedelta(hours=hour))
    load_leads(service, since, names, now, lambda _: None)


def measured(client: TestClient, path: str, calls: int) -> dict[str, float]:
    """Milliseconds of a page, on the clock and of the processor, which other work on
    the machine hardly lengthens; and its weight in KB with all that it links to."""
    took, cost = [], []
    for _ in range(WARM_UP + calls):
        started, worked = time.perf_counter(), time.process_time()
        answer = client.get(path)
        took.append(1000 * (time.perf_counter() - started))
        cost.append(1000 * (time.process_time() - worked))
        assert answer.status_code == 200, answer.status_code
    linked = sorted(set(_LINKED.findall(answer.text)))
    weight = len(answer.content) + sum(len(client.get(a).content) for a in linked)
    p50, p99 = np.percentile(took[WARM_UP:], [50, 99])
    return {
        "p50_ms": round(float(p50), 1),
        "p99_ms": round(float(p99), 1),
        "processor_p50_ms": round(float(np.median(cost[WARM_UP:])), 1),
        "kb": round(weight / 1024, 1),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    parser = parser_of("console", __doc__)
    parser.add_argument("--log", type=Path, required=True, help="a log's folder")
    parser.add_argument("--leads", type=int, default=10_000)
    parser.add_argument("--events", type=int, default=500, help="of one lead")
    parser.add_argument("--calls", type=int, default=100)
    options = parser.parse_args(arguments)
    registry, now = mlflow_registry(), datetime.now(UTC)
    explainer = registry.load(registry.champion())
    log = copies(read_log(options.log), options.leads, options.events)
    with TemporaryDirectory(prefix="frein-console-") as folder:
        settings = Settings(database_url=f"sqlite:///{folder}/frein.db")
        with open_service(settings, explainer) as service:
            fill(service, log, now)
            wish = NewAccount(login="ada", name="Ada", role=Role.ADMIN, team=None)
            person = open_account(service.store, wish, now)
            session = begin_session(service.store, person, datetime.now(UTC))
            cookie = {"Cookie": f"{COOKIE}={session.cookie}"}
            client = TestClient(create_app(service), "http://127.0.0.1", headers=cookie)
            pages = {
                "inbox": f"{HOME}/",
                "inbox_silent": f"{HOME}/?silence=14",
                "inbox_last": f"{HOME}/?page=100000",
                "inbox_search": f"{HOME}/?recherche=L00",
                "lead": address_of(MANY_EVENTS),
            }
            costs = {
                name: measured(client, path, options.calls)
                for name, path in pages.items()
            }
    about = {"leads": options.leads, "events": options.events}
    print_json(about | costs | {"load_average": load_average()})


if __name__ == "__main__":
    main()
