"""Logs worth learning from, labelled moments and small boosters."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl

from features.catalogue import Catalogue
from features.event import Actor, Event, events_frame
from features.featurise import featurise
from features.log import Log, LogAbout
from tests.factories import make_catalogue, make_event
from training.dataset.moments import MomentPlan, labelled_moments
from training.fitting.fit import FitSettings

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
HORIZON_DAYS = 20.0
PLAN = MomentPlan(ages_days=(1.0, 4.0, 8.0))
SECTORS = ("industrie", "sante", "commerce")


def day(number: float) -> datetime:
    """An instant, in days since the log begins."""
    return START + timedelta(days=number)


def make_visit_catalogue() -> Catalogue:
    """A constrained count, a free one, a recency that may be unknown, a category."""
    attribute = 'last = { kind = "attributes_set", field = "%s"%s }'
    return make_catalogue(
        visits='count = { kind = "page_viewed" }\ndirection = "increasing"',
        mails='count = { kind = "email_sent" }',
        days_since_reply='days_since_last = { kind = "email_replied" }',
        headcount=attribute % ("headcount", ""),
        sector=attribute % ("sector", ', type = "category"'),
        stage='last = { kind = "stage_changed", field = "to", type = "category", '
        'order = ["nouveau", "qualifie"] }',
    )


def make_visit_log(*, n_leads: int = 400, n_days: float = 160, seed: int = 7) -> Log:
    """Leads that visit and reply more when they are going to buy."""
    draws = np.random.default_rng(seed)
    events = [
        event
        for number in range(n_leads)
        for event in _life(f"L-{number}", n_days * number / n_leads, draws)
    ]
    return Log(LogAbout(name="essai"), events_frame(events))


def make_moments(
    log: Log, catalogue: Catalogue, plan: MomentPlan = PLAN
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Labelled moments of a log and their signals, row for row."""
    moments = labelled_moments(log, plan, horizon_days=HORIZON_DAYS).frame
    return moments, featurise(
        log.events, moments.select("lead_id", "moment"), catalogue
    )


def make_settings(**overrides: Any) -> FitSettings:
    defaults: dict[str, Any] = {
        "n_trees": 25,
        "learning_rate": 0.1,
        "min_data_in_leaf": 10,
        "n_blocks": 3,
    }
    return FitSettings(**defaults | overrides)


def _life(lead_id: str, begins: float, draws: np.random.Generator) -> Iterator[Event]:
    buys = draws.random() < 0.35
    sector = SECTORS[int(draws.integers(len(SECTORS)))]
    fields = {"sector": sector, "headcount": int(draws.integers(5, 500))}
    if draws.random() < 0.2:
        del fields["headcount"]
    ends = begins + float(draws.uniform(5, 15))
    facts: list[tuple[str, float, dict[str, object]]] = [
        ("attributes_set", begins, dict(fields)),
        ("email_sent", begins + 0.2, {}),
        ("stage_changed", begins, {"to": "nouveau"}),
        ("won" if buys else "lost", ends, {}),
    ]
    for age in draws.uniform(0, 5, size=draws.poisson(3.0 if buys else 1.0)):
        facts.append(("page_viewed", begins + float(age), {"page": "tarifs"}))
    if draws.random() < (0.6 if buys else 0.2):
        facts.append(("email_replied", begins + float(draws.uniform(0.3, 4)), {}))
    if draws.random() < (0.9 if buys else 0.3):
        facts.append(("stage_changed", begins + 2, {"to": "qualifie"}))
    for number, (kind, when, values) in enumerate(facts):
        yield make_event(
            event_id=f"{lead_id}-{number}",
            lead_id=lead_id,
            kind=kind,
            occurred_at=day(when),
            actor=Actor.LEAD,
            data=values,
        )
