"""The plain stack computes the signals that ours does, or its speed says nothing."""

from datetime import timedelta

import numpy as np
import orjson
import polars as pl
import pytest

from benchmarks.common.calls import WARM_UP, timed
from benchmarks.common.public_scores import bodies_of
from benchmarks.speed.cut_leads import EVENTS, copied, cut_leads
from benchmarks.speed.plain_stack import signals_of_lead, signals_of_leads
from data.generate import generate
from features.catalogue import Catalogue, read_catalogue, shipped_catalogue
from features.encoding import Codes, encode, learn_labels
from features.featurise import featurise, moments_frame
from features.log import Log, last_known_at, read_log
from features.text import TextModel


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Log:
    folder = tmp_path_factory.mktemp("speed") / "log"
    generate(folder, leads=60, seed=11, with_truth=False)
    return read_log(folder)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return read_catalogue(shipped_catalogue("demo"))


def test_plain_signals_are_those_of_featurise(log: Log, catalogue: Catalogue) -> None:
    at = last_known_at(log.events.lazy()) - timedelta(days=200)
    leads = log.events["lead_id"].unique().sort().to_list()
    ours = featurise(log.events, moments_frame((lead, at) for lead in leads), catalogue)
    stems = {"appel": (1.2, 0.5), "besoin": (2.0, 1.0), "interlocuteur": (1.5, -1.0)}
    models = dict.fromkeys(catalogue.texts, TextModel(intercept=-1.0, stems=stems))
    codes: Codes = {**learn_labels(ours, catalogue, min_leads=5), **models}
    expected = encode(ours, catalogue, codes)

    many = signals_of_leads(log.events.to_pandas(), at, catalogue, codes)

    assert many.index.to_list() == leads
    np.testing.assert_allclose(many.to_numpy(), expected, rtol=1e-9, atol=1e-9)
    for row in range(0, len(leads), 6):
        mine = log.events.filter(lead_id=leads[row]).to_pandas()
        mine["data"] = mine["data"].map(orjson.loads)
        alone = signals_of_lead(mine, at, catalogue, codes)
        np.testing.assert_allclose(
            alone.to_numpy()[0], expected[row], rtol=1e-9, atol=1e-9
        )


def test_leads_are_cut_at_sixty_events_and_copies_are_other_leads(log: Log) -> None:
    at = last_known_at(log.events.lazy())
    leads = cut_leads(log, at)
    n_leads = leads["lead_id"].n_unique()
    assert leads.height == n_leads * EVENTS
    known = pl.max_horizontal("occurred_at", "received_at")
    assert (leads.group_by("lead_id").agg(known.max().alias("at"))["at"] == at).all()

    more = copied(leads, 2 * n_leads + 1)

    assert more["lead_id"].n_unique() == 2 * n_leads + 1
    assert more.select("source", "event_id").is_unique().all()


def test_a_body_is_what_the_service_takes(log: Log) -> None:
    at = last_known_at(log.events.lazy()).replace(microsecond=0)
    leads = cut_leads(log, at)
    bodies = [orjson.loads(body) for body in bodies_of(leads, at)]
    assert len(bodies) == leads["lead_id"].n_unique()
    for body in bodies:
        (lead,) = body["leads"]
        assert len(lead["events"]) == EVENTS
        assert {event["subject"] for event in lead["events"]} == {lead["lead_id"]}


def test_only_calls_after_the_warm_up_are_timed() -> None:
    asked: list[bytes] = []

    def call(body: bytes) -> int:
        asked.append(body)
        return len(asked)

    found = timed(call, [b"1", b"2"], 3)

    assert found.answers == [WARM_UP + 1, WARM_UP + 2, WARM_UP + 3]
    assert len(found.milliseconds) == 3
    assert set(asked) == {b"1", b"2"}
