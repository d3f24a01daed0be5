"""Tables of the speed benchmark, of the fields of its JSON line."""

from collections.abc import Iterator
from typing import Any

from rich.table import Table

from benchmarks.speed.phases import PRED_CONTRIB

GOAL = 10_000  # leads a second: what the profile is held against


def tables(report: dict[str, Any]) -> Iterator[Table]:
    """The figures for a reader, 80 columns wide."""
    calls = report["one_lead"]
    one = _table("One lead of 60 events, one client", "ours, HTTP", "plain, no HTTP")
    sides = calls["ours_over_http"], calls["plain_in_process"]
    for p in (50, 99):
        took = [side[f"p{p}_ms"] for side in sides]
        _add(one, f"p{p}, ms", "{:.1f}", *took, calls[f"plain_over_ours_p{p}"])
    yield one
    bulk, ours, plain = report["bulk"], report["bulk"]["ours"], report["bulk"]["plain"]
    log = _table("A log of such leads", "ours", "plain")
    _add(log, "leads", "{:,}", ours["leads"], plain["leads"])
    for name, net in (("start to end", ""), ("net of start-up", "_net_of_start_up")):
        speed, usual = ours[f"leads_per_second{net}"], plain["leads_per_second"]
        ratio = bulk[f"ours{net}_over_plain"]
        _add(log, f"leads/s, {name}", "{:,.0f}", speed, usual, ratio)
    _add(log, "seconds", "{:.1f}", ours["seconds"], plain["seconds"])
    _add(log, "– of which start-up", "{:.1f}", ours["start_up_seconds"])
    _add(log, "peak memory, GiB", "{:.2f}", ours["peak_rss_gib"])
    yield log
    yield _phases(report["cpu_microseconds_a_lead"])


def _add(table: Table, name: str, form: str, *figures: float) -> None:
    """A row of figures, the last of three being a ratio."""
    ratio = [f"{figure:.1f}" for figure in figures[2:]]
    table.add_row(name, *(form.format(figure) for figure in figures[:2]), *ratio)


def _phases(cpu: dict[str, Any]) -> Table:
    command = cpu["command_net_of_start_up"]
    table = Table("phase", title="Processor time a lead, µs")
    table.add_column("µs", justify="right")
    table.add_column("%", justify="right")
    beside = {"parting, passing on, writing": command - cpu["all_phases"]}
    for name, took in (cpu["phases"] | beside).items():
        table.add_row(name, f"{took:.0f}", f"{took / command:.0%}")
    table.add_section()
    table.add_row("the command, net of start-up", f"{command:.0f}", "100%")
    allowed = cpu[f"allowed_at_{GOAL}_leads_per_second"]
    table.add_row(f"allowed at {GOAL:,} leads/s", f"{allowed:.0f}", "")
    contributions = cpu["lightgbm_pred_contrib"]
    table.add_row(f"(contributions by {PRED_CONTRIB})", f"{contributions:.0f}")
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table("", title=title)
    for name in (*columns, "ratio"):
        table.add_column(name, justify="right")
    return table
