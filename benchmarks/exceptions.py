"""Tasks for the demo log's atypical cases, held to the truth beside the log.

    python -m benchmarks.exceptions --log logs/demo --since 2026-06-01

A row of `truth.parquet` is a lead and the week up to a moment. Two sorts are atypical,
and worth a person, since the exact filter gives them twice the mean chance and more:
silent (nothing from the lead for ten days) and late (a reply of that week had taken
three days). `lift`: how much more often they are given a task than all rows are.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from benchmarks.common.command_line import parser_of, print_json
from data.generate import TRUTH_FILE
from explanations.explain import Explainer
from features.catalogue import Signal
from features.featurise import featurise
from features.log import Log, last_known_at, read_log
from governance.leads.automation_context import AutomationContext
from governance.people.feedback import read_judgement
from governance.policy.pipeline import read_pipeline
from governance.rules.actions import Assignees
from governance.rules.condition import MEASURED_IDEA
from governance.rules.exception_cases import read_cases
from governance.rules.measures import measure_catalogue
from governance.rules.ruleset import RULES_FILE, read_rules
from governance.simulation.simulation import Simulation
from serving.cli.service import champion

SILENT_DAYS, LATE_HOURS, CHANCE = 10, 72, 2
WEEK_DAYS = 7
LEADS_AT_ONCE = 1000
_MEASURES: dict[str, dict[str, object]] = {
    "silent_days": {"days_since_last": {"actor": "lead"}},
    "reply_days": {"days_since_last": {"kind": "email_replied"}},
    "reply_hours": {
        "latency": {
            "from": {"kind": "email_sent"},
            "to": {"kind": "email_replied"},
            "statistic": "last",
        }
    },
}


def main() -> None:
    """Print one line of JSON."""
    parser = parser_of("exceptions", __doc__)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--since", type=datetime.fromisoformat, required=True)
    options = parser.parse_args()
    explainer = champion()
    assert isinstance(explainer, Explainer)
    since = options.since.replace(tzinfo=UTC)
    log = read_log(options.log)
    truth = pl.read_parquet(options.log / TRUTH_FILE)
    tasks = pl.DataFrame(
        list(_tasks(_simulation(log, since, explainer), log)),
        schema={"lead_id": pl.String, "at": truth.schema["moment"]},
        orient="row",
    )
    after = truth.filter(pl.col("moment") - timedelta(days=WEEK_DAYS) >= since)
    print_json(lifts(_atypical(log, after), tasks))


def lifts(rows: pl.DataFrame, tasks: pl.DataFrame) -> dict[str, object]:
    """Shares of rows with a task in their week, in [0, 1], and the lifts.

    `rows` are `lead_id`, `moment`, and the flags `silent` and `late`; `tasks` are
    `lead_id` and `at`.
    """
    begins = pl.col("moment") - timedelta(days=WEEK_DAYS)
    in_week = pl.col("at").is_between(begins, "moment", closed="right")
    weeks = (
        rows.join(tasks, on="lead_id", how="left")
        .group_by("lead_id", "moment", "silent", "late")
        .agg(called=in_week.any())
    )
    base = weeks["called"].to_numpy().mean()
    figures: dict[str, object] = {"rows": weeks.height, "with_task": round(base, 4)}
    for case in ("silent", "late"):
        called = weeks.filter(case)["called"].to_numpy()
        figures[case] = {
            "rows": len(called),
            "with_task": round(called.mean(), 4),
            "lift": round(called.mean() / base, 2),
        }
    return figures


def _atypical(log: Log, truth: pl.DataFrame) -> pl.DataFrame:
    signals = [
        Signal.model_validate({"name": name, "idea": MEASURED_IDEA, **aggregate})
        for name, aggregate in _MEASURES.items()
    ]
    catalogue = measure_catalogue(signals, read_cases().kinds, None)
    moments = truth.select("lead_id", "moment")
    is_hopeful = pl.col("p_win") >= CHANCE * pl.col("p_win").mean()
    silent = pl.col("silent_days") >= SILENT_DAYS
    late = (pl.col("reply_days") < WEEK_DAYS) & (pl.col("reply_hours") >= LATE_HOURS)
    return (
        featurise(log.events, moments, catalogue)
        .fill_nan(None)
        .with_columns(truth["p_win"])
        .select(
            "lead_id",
            "moment",
            silent=(silent & is_hopeful).fill_null(value=False),
            late=(late & is_hopeful).fill_null(value=False),
        )
    )


def _simulation(log: Log, since: datetime, explainer: Explainer) -> Simulation:
    pipeline = read_pipeline()
    assignees = Assignees(pipeline=pipeline, fallback_owner="Direction commerciale")
    return Simulation(
        context=AutomationContext(
            rules=read_rules(RULES_FILE, pipeline),
            cases=read_cases(),
            assignees=assignees,
            scorer=explainer.scorer.facts,
            judgement=read_judgement(),
        ),
        since=since,
        until=last_known_at(log.events.lazy()),
        explainer=explainer,
    )


def _tasks(simulation: Simulation, log: Log) -> Iterator[tuple[str, datetime]]:
    """Lead and time of each task, by a rule or an exception."""
    part = pl.col("lead_id").hash() % (
        log.events["lead_id"].n_unique() // LEADS_AT_ONCE + 1
    )
    for events in log.events.with_columns(part=part).partition_by("part"):
        for lead, moments in simulation.replayed(events.drop("part"), log.about):
            for moment in moments:
                yield from ((lead.state.lead_id, moment.at) for _ in moment.calls)


if __name__ == "__main__":
    main()
