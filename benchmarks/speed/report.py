"""Report of the speed benchmark: tables, and the fields of its JSON line."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rich.table import Table

from benchmarks.common.calls import Timed
from benchmarks.speed.bulk import OursInBulk, PlainInBulk
from benchmarks.speed.cut_leads import EVENTS
from benchmarks.speed.phases import PRED_CONTRIB, Phases

GOAL = 10_000  # leads a second: what the profile is held against
_GIB = 2**30


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Ours and the plain stack, and where our time goes.

    `differences` are the largest between the scores of both, in points: they answer
    the same question.
    """

    log: str
    model_version: str
    cores: int
    different_leads: int
    one_ours: Timed[float]
    one_plain: Timed[float]
    bulk_ours: OursInBulk
    bulk_plain: PlainInBulk
    phases: Phases
    differences: tuple[float, float]  # one lead, bulk

    @property
    def beside_the_phases(self) -> float:
        """Of the command, what no phase holds: parting the log, passing it on."""
        return self.bulk_ours.cpu_microseconds_a_lead - self.phases.total


def fields(report: Report) -> dict[str, Any]:
    """The JSON line."""
    ours, plain = report.bulk_ours, report.bulk_plain
    return {
        "log": report.log,
        "model_version": report.model_version,
        "cores": report.cores,
        "events_a_lead": EVENTS,
        "different_leads": report.different_leads,
        "one_lead": {
            "ours_over_http": _latency(report.one_ours),
            "plain_in_process": _latency(report.one_plain),
            **{
                f"plain_over_ours_p{percent}": report.one_plain.percentile(percent)
                / report.one_ours.percentile(percent)
                for percent in (50, 99)
            },
            "largest_difference_points": report.differences[0],
        },
        "bulk": {
            "ours": {
                "leads": ours.n_leads,
                "seconds": ours.run.seconds,
                "start_up_seconds": ours.start_up.seconds,
                "leads_per_second": ours.leads_per_second,
                "leads_per_second_net_of_start_up": (
                    ours.leads_per_second_net_of_start_up
                ),
                "peak_rss_gib": ours.run.peak_rss_bytes / _GIB,
            },
            "plain": {
                "leads": plain.n_leads,
                "seconds": plain.seconds,
                "leads_per_second": plain.leads_per_second,
            },
            "ours_over_plain": ours.leads_per_second / plain.leads_per_second,
            "ours_net_of_start_up_over_plain": (
                ours.leads_per_second_net_of_start_up / plain.leads_per_second
            ),
            "largest_difference_points": report.differences[1],
        },
        "cpu_microseconds_a_lead": {
            "phases": report.phases.microseconds,
            "all_phases": report.phases.total,
            "command_net_of_start_up": ours.cpu_microseconds_a_lead,
            "allowed_at_10000_leads_per_second": _allowed(report),
            "lightgbm_pred_contrib": report.phases.pred_contrib,
        },
    }


def tables(report: Report) -> Iterator[Table]:
    """The same for a reader, 80 columns wide."""
    ours, plain = report.bulk_ours, report.bulk_plain
    one = _table("One lead of 60 events, one client", "ours, HTTP", "plain, no HTTP")
    for percent in (50, 99):
        took = [one.percentile(percent) for one in (report.one_ours, report.one_plain)]
        _add(one, f"p{percent}, ms", "{:.1f}", *took, took[1] / took[0])
    yield one
    bulk, usual = _table("A log of such leads", "ours", "plain"), plain.leads_per_second
    _add(bulk, "leads", "{:,}", ours.n_leads, plain.n_leads)
    for name, speed in (
        ("leads/s, start to end", ours.leads_per_second),
        ("leads/s, net of start-up", ours.leads_per_second_net_of_start_up),
    ):
        _add(bulk, name, "{:,.0f}", speed, usual, speed / usual)
    _add(bulk, "seconds", "{:.1f}", ours.run.seconds, plain.seconds)
    _add(bulk, "– of which start-up", "{:.1f}", ours.start_up.seconds)
    _add(bulk, "peak memory, GiB", "{:.2f}", ours.run.peak_rss_bytes / _GIB)
    yield bulk
    yield _phases(report)


def _add(table: Table, name: str, form: str, *figures: float) -> None:
    """A row of figures, the last of three being a ratio."""
    ratio = [f"{figure:.1f}" for figure in figures[2:]]
    table.add_row(name, *(form.format(figure) for figure in figures[:2]), *ratio)


def _phases(report: Report) -> Table:
    phases, command = report.phases, report.bulk_ours.cpu_microseconds_a_lead
    table = Table("phase", title="Processor time a lead, µs")
    table.add_column("µs", justify="right")
    table.add_column("%", justify="right")
    for name, took in (
        *phases.microseconds.items(),
        ("parting, passing on, writing", report.beside_the_phases),
    ):
        table.add_row(name, f"{took:.0f}", f"{took / command:.0%}")
    table.add_section()
    table.add_row("the command, net of start-up", f"{command:.0f}", "100%")
    table.add_row(f"allowed at {GOAL:,} leads/s", f"{_allowed(report):.0f}", "")
    table.add_row(f"(contributions by {PRED_CONTRIB})", f"{phases.pred_contrib:.0f}")
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table("", title=title)
    for name in (*columns, "ratio"):
        table.add_column(name, justify="right")
    return table


def _allowed(report: Report) -> float:
    """Microseconds a lead, were every core to work all the time."""
    return 1e6 * report.cores / GOAL


def _latency(timed: Timed[float]) -> dict[str, float]:
    return {
        "calls": len(timed.answers),
        "p50_ms": timed.percentile(50),
        "p99_ms": timed.percentile(99),
    }
