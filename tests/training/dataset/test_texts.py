"""What is learnt of notes: stems of many leads, no names, nobody's own outcome."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from math import isnan

import numpy as np
import orjson
import polars as pl
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from explanations.reason import Reason
from explanations.scorer import Scorer
from explanations.telling import explain_rows
from features.catalogue import parse_catalogue
from features.encoding import encode
from features.event import Event
from features.featurise import moments_frame
from features.log import Log
from features.text import TextModel, stems_of
from tests.explanations.models import make_facts
from tests.factories import catalogue_text, make_event, make_log
from tests.training.builders import START, day, make_moments, make_settings
from training.dataset.encoding import learn_encoding
from training.dataset.split import time_blocks
from training.dataset.texts import LEADS_OF_STEM, Texts
from training.fitting.fit import fit

CATALOGUE = parse_catalogue(
    catalogue_text(
        last_note='last = { kind = "note_added", field = "text", type = "text" }',
        visits='count = { kind = "page_viewed" }',
    ).replace('"appel"', '"appel"\nquotes = "text"')
)
GOOD = "La direction valide le budget, {} rappelle lundi."
BAD = "Le projet est repoussé, {} nous le confirme."
CALLED = "Appel de 12 min avec {} : ligne occupée."
WHO = ("Durand", "Moreau", "Petit", "Lefèvre")


def test_a_text_is_read_as_scikit_learn_reads_it() -> None:
    texts, moments = told_of(300)
    model = Texts.read(texts, moments).model()
    vectors = TfidfVectorizer(analyzer=stems_of, vocabulary=sorted(model.stems))
    read = vectors.fit(texts.unique()).transform(texts)
    idf, weight = np.transpose([model.stems[one] for one in sorted(model.stems)])
    regression = LogisticRegression(tol=1e-9).fit(
        read, moments["won"], sample_weight=moments["weight"]
    )
    said = np.array([model.log_odds(text) for text in texts])
    assert idf == pytest.approx(vectors.idf_)
    assert said == pytest.approx(read @ weight + model.intercept, abs=1e-12)
    assert said == pytest.approx(regression.decision_function(read), abs=0.01)


def test_names_and_numbers_are_not_learnt() -> None:
    texts, moments = told_of(300)
    stems = Texts.read(texts, moments).model().stems
    assert {"budget", "valid", "repouss"} <= stems.keys()
    assert not {stem for who in WHO for stem in stems_of(who)} & stems.keys()
    assert all(stem.isalpha() for stem in stems)


@pytest.mark.parametrize("n_leads", [LEADS_OF_STEM - 1, LEADS_OF_STEM])
def test_a_stem_of_few_leads_is_not_learnt(n_leads: int) -> None:
    texts, moments = told_of(300)
    rare = texts + pl.Series([" fusion" if i < n_leads else "" for i in range(300)])
    twice = pl.concat([moments, moments])  # leads are counted, and not moments
    stems = Texts.read(pl.concat([rare, rare]), twice).model().stems
    assert ("fusion" in stems) == (n_leads >= LEADS_OF_STEM)


def test_a_text_without_a_known_stem_is_unknown() -> None:
    model = TextModel(intercept=1.0, stems={"prix": (1.0, 2.0)})
    assert model.log_odds("PRIX") == 3
    assert all(isnan(model.log_odds(text)) for text in (None, "", "12", "@prix"))


@pytest.mark.parametrize(
    ("text", "won"),
    [
        pytest.param("Le budget est validé.", [True] * 60, id="all won"),
        pytest.param("Le budget est validé.", [False] * 60, id="none won"),
        pytest.param("BUDGET VALIDÉ", [True, False] * 30, id="all in capitals"),
        pytest.param("", [True, False] * 30, id="no word"),
        pytest.param(None, [True, False] * 30, id="no text"),
    ],
)
def test_where_nothing_can_be_learnt_nothing_is(
    text: str | None, won: list[bool]
) -> None:
    texts, moments = notes(*[text] * 60, won=won)
    assert Texts.read(texts, moments).model().stems == {}


def test_a_row_is_read_by_a_model_that_knows_nothing_of_its_time() -> None:
    log = note_log()
    moments, signals = make_moments(log, CATALOGUE)
    _, held_out = next(time_blocks(moments, n_blocks=3))
    is_held_out = pl.int_range(moments.height, eager=True).is_in(held_out.tolist())
    upside_down = moments.with_columns(won=pl.col("won") ^ is_held_out)
    first, other = (
        learn_encoding(signals, one, CATALOGUE, min_leads=1, n_blocks=3)
        for one in (moments, upside_down)
    )
    assert np.array_equal(first.matrix[held_out], other.matrix[held_out], True)
    assert first.codes != other.codes
    read = encode(signals, CATALOGUE, first.codes)[:, 0]
    told = ~np.isnan(read)
    assert (first.matrix[told, 0] != read[told]).all()


def test_a_reason_quotes_the_note_that_it_rests_on() -> None:
    log = note_log()
    moments, signals = make_moments(log, CATALOGUE)
    fitted = fit(signals, moments, CATALOGUE, make_settings(), seed=1)
    scorer = Scorer(fitted.booster, CATALOGUE, make_facts(codes=fitted.codes))

    def reasons(text: str) -> tuple[Reason, ...]:
        events = make_log(note("N", text, 0)).events
        return explain_rows(events, moments_frame([("N", day(1))]), scorer).reasons[0]

    (good,), (bad,) = (reasons(text.format("Durand")) for text in (GOOD, BAD))
    assert good.log_odds > 0 > bad.log_odds
    assert good.quote == GOOD.format("Durand")
    assert good.values == {"visits": 0.0}  # the text is quoted, and stands nowhere else
    assert b"Durand" not in orjson.dumps(fitted.codes["last_note"])


def test_a_note_is_read_alike_alone_and_among_others() -> None:
    log = note_log()
    moments, signals = make_moments(log, CATALOGUE)
    settings = make_settings(n_blocks=2, min_leads_of_label=1)
    fitted = fit(signals, moments, CATALOGUE, settings, seed=1)
    scorer = Scorer(fitted.booster, CATALOGUE, make_facts(codes=fitted.codes))
    bulk = explain_rows(log.events, moments.select("lead_id", "moment"), scorer)
    assert bulk.contributions.log_odds == pytest.approx(scorer.log_odds(signals))


def told_of(n: int) -> tuple[pl.Series, pl.DataFrame]:
    """Notes that tell who is going to buy, but for a fifth of them."""
    won = [i % 2 == 0 for i in range(n)]
    return notes(*map(written, range(n), won), won=won)


def written(number: int, won: bool) -> str:
    told = CALLED if number % 5 == 0 else GOOD if won else BAD
    return told.format(WHO[number % 4])


def notes(*texts: str | None, won: Sequence[bool]) -> tuple[pl.Series, pl.DataFrame]:
    """A text a lead, and what became of it."""
    n = len(texts)
    moments = pl.DataFrame(
        {
            "lead_id": [f"L-{i:04}" for i in range(n)],
            "first_at": [START + timedelta(hours=i) for i in range(n)],
            "won": won,
            "weight": [1.0 + i % 3 for i in range(n)],
        }
    )
    return pl.Series("last_note", texts, pl.String), moments


def note_log(n_leads: int = 240) -> Log:
    return make_log(*(one for number in range(n_leads) for one in life(number)))


def life(number: int) -> Iterator[Event]:
    lead, begins, won = f"L-{number}", number / 2, number % 7 in {0, 2, 5}
    yield note(lead, written(number, won), begins)
    yield make_event(
        event_id=f"{lead}-end",
        lead_id=lead,
        kind="won" if won else "lost",
        occurred_at=day(begins + 12),
    )


def note(lead: str, text: str, at: float) -> Event:
    return make_event(
        event_id=f"{lead}-note",
        lead_id=lead,
        kind="note_added",
        occurred_at=day(at),
        data={"text": text},
    )
