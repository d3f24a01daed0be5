"""Model card: what a model is for, how good it is, its limits, who put it there.

Its French is one file of messages, `model_card.fr.ftl`; here stand its figures.
"""

import math
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import mlflow
import polars as pl
from babel import Locale
from babel.dates import format_date
from babel.numbers import format_decimal

from explanations.calendar_fr import paris_day
from explanations.errors import WordingError
from explanations.language import Argument
from explanations.messages import Messages
from explanations.wording import kept_wording
from features.catalogue import Catalogue
from features.log import AnyLog
from training.dataset.groups import Group, lead_counts, segments
from training.fitting.train import HoldOut, Trained
from training.metrics.bootstrap import Interval
from training.metrics.metrics import METRICS, bootstrap
from training.registry.champion_history import Change, recorded
from training.registry.registry import MODEL_NAME, registry_client, run_of

CARD_FILE = "model_card.md"
NOTE_TAG = "mlflow.note.content"  # what its pages show as a run's description
_FILE = Path(__file__).parent / "model_card.fr.ftl"
_LOCALE = Locale("fr")
_IDEAS_TOLD = 8
_TABLE_MARKS = str.maketrans({"|": "/", "\n": " "})  # of a table's cell


def model_card(trained: Trained, log: AnyLog, *, model: str, digest: str) -> str:
    """The card of a training, as Markdown.

    `model`: the registered model's name. `digest`: SHA-256 of the log's events.
    """
    catalogue, seen = trained.scorer.catalogue, trained.hold_out
    idea_names = _idea_names(catalogue)
    n_events, n_leads, begins, ends = _size(log)
    return _text(
        "card",
        model=model,
        log=log.about.name,
        horizon=_number(trained.scorer.facts.horizon_days),
        events=_number(n_events),
        leads=_number(n_leads),
        **{"from": _day(begins), "until": _day(ends)},
        trained=_number(trained.n_train),
        cut=_day(trained.trained_until),
        won=_number(100 * int(trained.won.sum()) / trained.n_train, "#,##0.0"),
        censored=_number(trained.n_censored),
        catalogue=catalogue.name,
        signals=len(catalogue.names),
        digest=digest[:12],
        tested=_number(trained.n_test),
        metrics="\n".join(
            _row(_text(f"metric-{name}"), _figure(interval.value), _between(interval))
            for name, interval in trained.metrics.items()
        ),
        segments=_segments_table(seen, catalogue),
        ideas="\n".join(
            f"{number}. {idea_names[idea]}"
            for number, idea in enumerate(trained.importance["idea"][:_IDEAS_TOLD], 1)
        ),
    )


def promotions(changes: Iterable[Change]) -> str:
    """When a version was put into service, by whom and why: a line each, maybe none."""
    return "\n".join(
        "- "
        + _text(
            f"service-{change.how.value}",
            day=_day(change.at),
            by=change.by.translate(_TABLE_MARKS),
            reason=change.reason.translate(_TABLE_MARKS),
        )
        for change in changes
    )


def _segments_table(seen: HoldOut, catalogue: Catalogue) -> str:
    rows = [
        _segment_row(seen, group)
        for group in segments(seen.signals, seen.moments, catalogue)
        if seen.moments["won"].filter(group.rows).n_unique() == 2
    ]
    key = "segments-table" if rows else "segments-none"
    return _text(key, rows="\n".join(rows))


def _segment_row(seen: HoldOut, group: Group) -> str:
    theirs = seen.moments.filter(group.rows)
    drawn = bootstrap(
        theirs["lead_id"].to_list(),
        theirs["won"].to_numpy(),
        seen.said[group.rows],
        metrics={"auc": METRICS["auc"]},
    )
    n_won, n_other = lead_counts(seen.moments, group.rows)
    auc = drawn["auc"].interval
    return _row(
        f"`{group.dimension}`",
        _band(*group.band) if group.band else f"`{group.label}`",
        _number(n_won + n_other),
        _number(n_won),
        _figure(auc.value),
        _between(auc),
    )


def _band(over: float, up_to: float) -> str:
    if math.isinf(over):
        return _text("band.first", high=_number(up_to))
    if math.isinf(up_to):
        return _text("band.last", low=_number(over))
    return _text("band", low=_number(over), high=_number(up_to))


def _idea_names(catalogue: Catalogue) -> dict[str, str]:
    """What each idea is called; its code, where a model was given no wording."""
    try:
        wording = kept_wording(catalogue)
    except WordingError:  # `frein train` refuses such a catalogue; a program may not
        return {idea: f"`{idea}`" for idea in catalogue.ideas}
    return {idea: wording.idea(idea) for idea in catalogue.ideas}


def _row(*cells: str) -> str:
    return f"| {' | '.join(cell.translate(_TABLE_MARKS) for cell in cells)} |"


def _between(interval: Interval) -> str:
    return _text("interval", low=_figure(interval.low), high=_figure(interval.high))


def _figure(value: float) -> str:
    return _number(value, "0.000")


def _number(value: float, pattern: str = "#,##0.###") -> str:
    return str(format_decimal(value, pattern, locale=_LOCALE))


def _size(log: AnyLog) -> tuple[int, int, datetime, datetime]:
    """How many events and leads a log has, and when the first and last happened."""
    sizes = pl.concat(
        part.events.select(
            pl.len(),
            pl.col("lead_id").n_unique(),
            begins=pl.col("occurred_at").min(),
            ends=pl.col("occurred_at").max(),
        )
        for part in log.parts()
    )
    size = sizes.select(
        pl.col("len", "lead_id").sum(), pl.col("begins").min(), pl.col("ends").max()
    )
    n_events, n_leads, begins, ends = size.row(0)
    return n_events, n_leads, begins, ends


def _day(at: datetime) -> str:
    return str(format_date(paris_day(at), "dd/MM/y", locale=_LOCALE))


def _text(key: str, **arguments: Argument) -> str:
    return _messages().text(key, arguments)


@lru_cache(maxsize=1)
def _messages() -> Messages:
    return Messages([(_FILE.name, _FILE.read_text(encoding="utf-8"))], _LOCALE)


def show_card(run_id: str, version: str, text: str) -> None:
    """Set the description of a run and of its version; raises as `inscribe` does."""
    with registry_client() as client:
        client.set_tag(run_id, NOTE_TAG, text)
        client.update_model_version(MODEL_NAME, version, description=text)


def inscribe(version: str) -> None:
    """Write on a version's card when it was put into service, by whom and why.

    A version made before there were cards has none, and none is made. Raises
    ModelUnavailableError if the store can't be reached or written.
    """
    run_id = run_of(version).info.run_id
    with registry_client() as client:
        if CARD_FILE not in {file.path for file in client.list_artifacts(run_id)}:
            return
        card = mlflow.artifacts.load_text(f"runs:/{run_id}/{CARD_FILE}")
    theirs = [change for change in recorded() if change.version == version]
    show_card(run_id, version, f"{card}\n\n{promotions(theirs)}")
