"""Rates of reply and of departure after mails of a machine and of a person."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import polars as pl

from features.event import Actor
from governance.impact.interval import Estimate
from governance.impact.lead_course import LEFT, REPLIED, SENT
from governance.people.disagreement import Z_95

ANSWER_DAYS = 14  # what comes later answers nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """Shares in [0, 1] of the mails of one kind of sender."""

    by: Actor
    mails: int
    leads: int
    replied: Estimate
    unsubscribed: Estimate


def answers(
    events: pl.DataFrame, leads: pl.DataFrame, until: datetime
) -> tuple[Answers, ...]:
    """By sender; a reply, or a departure, answers the last mail before it.

    Mails of the last ANSWER_DAYS are left out: theirs may still come. A lead's mails
    are no strangers to each other: intervals are by lead.

    Parameters
    ----------
    events : DataFrame of shape (n_events, 8)
        Of EVENT_SCHEMA, each event once, known by `until`.
    leads : DataFrame of shape (n_leads, ≥ 1)
        `lead_id`: whose mails count.
    """
    mails = _answered(events.join(leads.select("lead_id"), on="lead_id", how="semi"))
    settled = mails.filter(pl.col("at") <= until - timedelta(days=ANSWER_DAYS))
    by_sender = (
        (sender, settled.filter(pl.col("actor") == sender.value))
        for sender in (Actor.AUTOMATION, Actor.PERSON)
    )
    return tuple(
        Answers(
            by=sender,
            mails=sent.height,
            leads=sent["lead_id"].n_unique(),
            replied=_share_by_lead(sent, REPLIED),
            unsubscribed=_share_by_lead(sent, LEFT),
        )
        for sender, sent in by_sender
        if sent.height
    )


def _answered(events: pl.DataFrame) -> pl.DataFrame:
    """One row a mail: `lead_id`, `at`, `actor`, and a flag for each sort of answer."""
    at = pl.col("occurred_at").alias("at")
    mails = (
        events.filter(pl.col("kind") == SENT)
        .select("lead_id", at, "actor")
        .sort("at")
        .with_row_index("mail")
    )
    for kind in (REPLIED, LEFT):
        came = events.filter(pl.col("kind") == kind).select("lead_id", at).sort("at")
        answered = came.join_asof(
            mails.select("lead_id", "at", "mail"),
            on="at",
            by="lead_id",
            strategy="backward",
            tolerance=timedelta(days=ANSWER_DAYS),
            check_sortedness=False,  # both are sorted by the instant
        )["mail"].drop_nulls()
        mails = mails.with_columns(pl.col("mail").is_in(answered.implode()).alias(kind))
    return mails


def _share_by_lead(mails: pl.DataFrame, flag: str) -> Estimate:
    """The share of mails, its interval from the spread between leads (the linearised
    ratio: Cochran, "Sampling Techniques", 6.3)."""
    by_lead = mails.group_by("lead_id").agg(pl.len(), pl.col(flag).sum())
    flagged, sent = by_lead[flag].to_numpy(), by_lead["len"].to_numpy()
    share = flagged.sum() / sent.sum()
    error = np.sqrt(((flagged - share * sent) ** 2).sum()) / sent.sum()
    low, high = share - Z_95 * error, share + Z_95 * error
    return Estimate(float(share), float(max(low, 0)), float(min(high, 1)))
