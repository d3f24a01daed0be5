"""The course of each lead: how it entered, how much a machine wrote to it, its end.

The exposure is told from a lead's first `EXPOSURE_DAYS`; what is counted comes after
them, of leads open until then. Else a lead that ended on its second day, and was
therefore never written to, would count as one that no machine touched.

Only mails sent count as actions: they are sent by plan. A call or a move of stage
follows what the lead does: counting those would take an effect for a cause.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import polars as pl

from features.catalogue import Catalogue
from features.event import ATTRIBUTES_KIND, Actor
from features.log import LogAbout

EXPOSURE_DAYS = 14  # a sequence of mails is over by then
HORIZON_DAYS = 90  # from entry: by then a closing rate is told
SENT, REPLIED, LEFT, MOVED = (
    "email_sent",
    "email_replied",
    "unsubscribed",
    "stage_changed",
)
_READ = (ATTRIBUTES_KIND, SENT, REPLIED, LEFT, MOVED)
_MOSTLY = 0.5  # from this share on, most actions are a machine's
_KNOWN_WITHIN = timedelta(days=1)  # what a CRM records of a lead as it enters
_DAY = timedelta(days=1) / timedelta(seconds=1)
QUARTER = "entered"  # the season of a lead's entry


class Level(StrEnum):
    """How much of what was sent to a lead a machine sent."""

    NONE = "none"
    SOME = "some"  # less than half
    MOST = "most"


@dataclass(frozen=True, slots=True)
class Attributes:
    """The fields that tell who a lead is; `segment` is one of the labels."""

    labels: tuple[str, ...]
    numbers: tuple[str, ...]
    segment: str | None


def attributes_of(catalogue: Catalogue) -> Attributes:
    """Those that the catalogue's signals read."""
    read = [
        signal.last
        for signal in catalogue.signal
        if signal.last and signal.last.kind == (ATTRIBUTES_KIND,)
    ]
    return Attributes(
        labels=tuple(last.field for last in read if last.type == "category"),
        numbers=tuple(last.field for last in read if last.type == "number"),
        segment=catalogue.segment,
    )


def kinds_read(about: LogAbout) -> tuple[str, ...]:
    """The kinds of event that `courses` and `touches` read, and no others."""
    return (*_READ, *about.won_kinds, *about.lost_kinds)


def courses(
    events: pl.DataFrame, about: LogAbout, attributes: Attributes, until: datetime
) -> pl.DataFrame:
    """One row a lead: its course as it was known at `until`.

    Parameters
    ----------
    events : DataFrame of shape (n_events, 8)
        Of EVENT_SCHEMA, each event once; other kinds than `kinds_read` are ignored.

    Returns
    -------
    DataFrame of shape (n_leads, 7 + n_attributes)
        `lead_id`; `entered_at`, its first event's; `level`, null if nothing was sent
        in the first EXPOSURE_DAYS; `days` from entry to its end or to `until`, ≥ 0;
        `ending`, "won", "lost" or null while open; `stage` at EXPOSURE_DAYS, null if
        it hadn't moved; `entered`, its quarter; then what was recorded of it as it
        entered, null where unknown.
    """
    known = events.filter(
        pl.col("kind").is_in(kinds_read(about)),
        pl.max_horizontal("occurred_at", "received_at") <= until,
    )
    entered = known.group_by("lead_id").agg(entered_at=pl.col("occurred_at").min())
    dated = known.join(entered, on="lead_id").with_columns(
        since=_days(pl.col("occurred_at") - pl.col("entered_at"))
    )
    leads = entered
    for part in (
        _endings(dated, about),
        _levels(dated),
        _stages(dated),
        _recorded(dated, attributes),
    ):
        leads = leads.join(part, on="lead_id", how="left")
    followed = _days(pl.lit(until) - pl.col("entered_at"))
    month = pl.col("entered_at").dt
    quarter = pl.format("{}-{}", month.year(), month.quarter())
    return leads.with_columns(
        pl.col("days").fill_null(followed), quarter.alias(QUARTER)
    ).sort("entered_at", "lead_id")


def exposed(leads: pl.DataFrame) -> pl.DataFrame:
    """Those open at EXPOSURE_DAYS and followed until then, of a known level."""
    return leads.filter(pl.col("days") >= EXPOSURE_DAYS, pl.col("level").is_not_null())


def followed(leads: pl.DataFrame, until: datetime) -> pl.DataFrame:
    """Those that entered HORIZON_DAYS before `until`: whose end by then is known."""
    won = (pl.col("ending") == "won") & (pl.col("days") < HORIZON_DAYS)
    return leads.filter(
        pl.col("entered_at") <= until - timedelta(days=HORIZON_DAYS)
    ).with_columns(won=won.fill_null(value=False))


def _days(lasted: pl.Expr) -> pl.Expr:
    return lasted.dt.total_seconds() / _DAY


def _endings(dated: pl.DataFrame, about: LogAbout) -> pl.DataFrame:
    """The first outcome of each lead that has one."""
    kinds: dict[str, str] = dict.fromkeys(about.won_kinds, "won")
    kinds |= dict.fromkeys(about.lost_kinds, "lost")
    return (
        dated.filter(pl.col("kind").is_in([*kinds]))
        .sort("since", "kind")
        .group_by("lead_id", maintain_order=True)
        .agg(
            days=pl.col("since").first(),
            ending=pl.col("kind").first().replace_strict(kinds),
        )
    )


def _levels(dated: pl.DataFrame) -> pl.DataFrame:
    by_machine = (pl.col("actor") == Actor.AUTOMATION.value).mean()
    none, some, most = (pl.lit(level.value) for level in Level)
    level = pl.when(by_machine == 0).then(none).when(by_machine >= _MOSTLY).then(most)
    return (
        dated.filter(
            pl.col("kind") == SENT,
            pl.col("since") < EXPOSURE_DAYS,
            pl.col("actor") != Actor.LEAD.value,
        )
        .group_by("lead_id")
        .agg(level=level.otherwise(some))
    )


def _stages(dated: pl.DataFrame) -> pl.DataFrame:
    return (
        dated.filter(pl.col("kind") == MOVED, pl.col("since") < EXPOSURE_DAYS)
        .sort("since", "received_at")
        .group_by("lead_id", maintain_order=True)
        .agg(stage=pl.col("data").last().str.json_path_match("$.to"))
    )


def _recorded(dated: pl.DataFrame, attributes: Attributes) -> pl.DataFrame:
    """What was known of each lead as it entered, and not what was written over."""
    early = pl.col("received_at") <= pl.col("entered_at") + _KNOWN_WITHIN
    fields = dated.filter(pl.col("kind") == ATTRIBUTES_KIND, early).sort("since")
    return fields.group_by("lead_id", maintain_order=True).agg(
        *map(_first, attributes.labels),
        *(_first(name).cast(pl.Float64, strict=False) for name in attributes.numbers),
    )


def _first(field: str) -> pl.Expr:
    """The first value of a field that is known."""
    value = pl.col("data").str.json_path_match(f"$.{field}")
    return value.drop_nulls().first().alias(field)
