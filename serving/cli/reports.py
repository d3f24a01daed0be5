"""`frein overrides report` and `frein report automation`."""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Column, Table

from serving.cli.service import LogPlace, err, in_utc, open_service, out

if TYPE_CHECKING:
    from governance.impact.adjustment import Adjusted
    from governance.impact.groups import Closing, Group
    from governance.impact.interval import Estimate
    from governance.impact.report import AutomationReport

overrides = typer.Typer(help="What people say of the system.", no_args_is_help=True)
reports = typer.Typer(help="What the log says.", no_args_is_help=True)


@overrides.command("report")
def tell_report(
    since: Annotated[
        datetime | None, typer.Option(help="In UTC; else from the beginning.")
    ] = None,
    segment: Annotated[
        str | None, typer.Option(help="An attribute of leads; else the catalogue's.")
    ] = None,
) -> None:
    """By rule, idea and segment, never by person; the surest disagreement first."""
    from features.catalogue import read_catalogue, shipped_catalogue
    from serving.automation.override_report import disagreement

    attribute = segment or read_catalogue(shipped_catalogue("b2b")).segment
    with open_service() as service:
        rows = disagreement(service.store, attribute, in_utc(since))
    name = Column("name", overflow="fold")
    table = Table("by", name, "said no", "of", "at least (95 %)")
    for row in rows:
        at_least = f"{row.at_least:.0%}"
        table.add_row(
            row.by.value, row.name, str(row.contested), str(row.judged), at_least
        )
    out.print(table)


@reports.command("automation")
def tell_automation(
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Leads that entered from that day on."),
    ] = None,
    log: LogPlace = None,
) -> None:
    """What automation changes in how leads end, and what it doesn't; never by rep."""
    from features.log import read_log
    from governance.policy.pipeline import read_pipeline
    from serving.automation.impact_report import report_of, report_of_service
    from serving.runtime.settings import Settings

    instant = in_utc(since)
    report: AutomationReport | None
    with err.status("Reading…"):
        if log is not None:
            pipeline = read_pipeline(Settings().pipeline_file)
            report = report_of(read_log(log), pipeline, instant)
        else:
            with open_service() as service:
                report = report_of_service(service, instant)
    if report is None:
        typer.echo("The store holds no event: name a log with --log.")
        return
    for part in report_parts(report):
        out.print(part, highlight=False)


def report_parts(report: "AutomationReport") -> Iterator[Table | str]:
    """The report as tables and sentences."""
    counts = report.counts
    yield (
        f"{counts.entered:,} leads entered: {counts.ended_early:,} ended within 14 "
        f"days, {counts.too_young:,} are younger, to {counts.untouched:,} nothing was "
        f"sent. Of {counts.exposed:,} open after 14 days, {counts.followed:,} entered "
        "90 days ago or more: rates are theirs. In brackets, intervals of 95 %."
    )
    levels = Table("automated", *_COLUMNS)
    for closing in report.levels:
        levels.add_row(closing.level.value, *_cells(closing))
    yield levels
    yield from _effect_lines(report.adjusted)
    yield _table_of_groups(report.groups)
    yield from _speed_lines(report.groups)
    mails = Table("mails by", "mails", "leads", "% replied", "% unsubscribed")
    for answers in report.answers:
        shares = (_percent(answers.replied), _percent(answers.unsubscribed))
        mails.add_row(
            answers.by.value, f"{answers.mails:,}", f"{answers.leads:,}", *shares
        )
    yield mails
    ends = Table("ended", "leads")
    for assurance, number in report.ends.items():
        ends.add_row("in a history" if assurance is None else assurance, f"{number:,}")
    yield ends


_COLUMNS = ("leads", "won", "% won by 90 days", "median days")


def _cells(closing: "Closing") -> tuple[str, ...]:
    days = "-" if closing.cycle_days is None else _interval(closing.cycle_days)
    return f"{closing.leads:,}", f"{closing.won:,}", _percent(closing.rate), days


def _effect_lines(effect: "Adjusted | None") -> Iterator[str]:
    if effect is None:
        yield "Too few leads ended to compare: 20 won and 20 not are needed a level."
        return
    yield (
        f"Won by 90 days, mostly automated less not automated, in points:\n"
        f"adjusted {_points(effect.adjusted)}, naive {_points(effect.naive)}"
    )
    wide = (
        f"{shift.attribute} {shift.label}: {shift.most:.0%} against {shift.none:.0%}"
        for shift in effect.shifts
        if shift.is_wide
    )
    yield (
        "They differ because the two groups weren't alike at entry, before anything "
        f"was sent ({'; '.join(wide)}). The adjusted figure compares leads of the same "
        "profile; what isn't recorded at entry it can't mend."
    )
    for part in effect.segments:
        verdict = "clear" if part.difference.is_clear else "may be chance"
        yield f"  {part.name} ({part.leads:,}): {_points(part.difference)}, {verdict}"


def _table_of_groups(groups: "tuple[Group, ...]") -> Table:
    table = Table("by", "name", "automated", *_COLUMNS)
    for group in groups:
        for row, closing in enumerate(group.levels):
            named = ("", "") if row else (group.by.value, group.name)
            table.add_row(*named, closing.level.value, *_cells(closing))
    return table


def _speed_lines(groups: "tuple[Group, ...]") -> Iterator[str]:
    from governance.impact.groups import speeding

    clear = speeding(groups)
    if not clear:
        yield "Nowhere do sales surely come sooner, or later, with automation."
    for group, days in clear:
        yield (
            f"{group.by.value} {group.name}: days saved with automation "
            f"{_interval(days)}"
        )


def _percent(estimate: "Estimate") -> str:
    return _interval(estimate, 100)


def _points(estimate: "Estimate") -> str:
    value, low, high = (100 * x for x in (estimate.value, estimate.low, estimate.high))
    return f"{value:+.1f} ({low:+.1f} to {high:+.1f})"


def _interval(estimate: "Estimate", scale: float = 1) -> str:
    low, high = scale * estimate.low, scale * estimate.high
    return f"{scale * estimate.value:.1f} ({low:.1f}–{high:.1f})"
