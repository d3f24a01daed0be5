"""Ends of leads, by how it is known that a person made them."""

import polars as pl

from features.log import LogAbout
from governance.people.assurance import Assurance


def ends_by_assurance(
    events: pl.DataFrame, about: LogAbout, leads: pl.Series
) -> dict[Assurance | None, int]:
    """How many of the leads ended, by the assurance of their first outcome; None: of a
    history, nobody asked.

    Parameters
    ----------
    events : DataFrame of EVENT_SCHEMA
    leads : Series of shape (n_leads,)
        The names of the leads that are counted.
    """
    ends = [*about.won_kinds, *about.lost_kinds]
    first = (
        events.filter(
            pl.col("kind").is_in(ends), pl.col("lead_id").is_in(leads.implode())
        )
        .sort("occurred_at", "kind")
        .unique("lead_id", keep="first", maintain_order=True)
    )
    told = first["data"].str.json_path_match("$.assurance")
    counted: dict[Assurance | None, int] = {
        known: int((told == known.value).sum()) for known in Assurance
    }
    counted[None] = first.height - sum(counted.values())
    return {known: number for known, number in counted.items() if number}
