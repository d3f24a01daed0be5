"""Report of the reasons benchmark: tables, and the fields of its JSON line."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from rich.table import Table

from benchmarks.common.public_scores import Json, Life, moved_back
from benchmarks.reasons.additions import Added
from benchmarks.reasons.claims import MUST_MOVE, Trial
from benchmarks.reasons.drivers import Agreement
from benchmarks.reasons.narratives import Judged
from explanations.narrative_input import NEAR_BASE

MOST_EXAMPLES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeErrors:
    """The largest errors, in points, over `changes` of a lead's score.

    `additivity`: the score before and the three parts against the score after;
    `ends`: the two scores told against what each model says itself.
    """

    changes: int
    additivity: float
    ends: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was asked and answered, row for row, and what was measured besides.

    `plain` are the checkable ones of `n_plain` plain reasons. `predict_error` is in
    points; `moved_in_time` a number of lives; the flips are shares of moments.
    """

    log: str
    at: datetime  # where the lives were moved
    lives: Sequence[Life]
    scores: Sequence[Json]
    told: Sequence[Trial]
    plain: Sequence[Trial]
    n_plain: int
    changes: ChangeErrors
    predict_error: float
    moved_in_time: int
    unread_flips: float
    irrelevant: Added
    irrelevant_flips: float
    agreement: Agreement | None  # None where no truth is known
    judged: Judged | None

    @property
    def heavy(self) -> list[Trial]:
        """The plain ones that weigh what a told one must move."""
        return [t for t in self.plain if (t.claim.weight or 0.0) >= MUST_MOVE]

    def told_by(self, *, insertion: bool) -> list[Trial]:
        return [t for t in self.told if (t.claim.inserted is not None) is insertion]


def fields(report: Report) -> dict[str, Any]:
    """The JSON line."""
    return {
        "log": report.log,
        "moments": len(report.scores),
        "leads": len({life.lead_id for life in report.lives}),
        "told_deletions": _tested(report.told_by(insertion=False)),
        "told_insertions": _tested(report.told_by(insertion=True)),
        "plain_treeshap_top_4": {
            "told": report.n_plain,
            "without_evidence": report.n_plain - len(report.plain),
            **_contradicted(report.plain),
            "of_weight_0.1_or_more": _contradicted(report.heavy),
        },
        "coverage": _coverage(report.scores),
        "uncovered": _uncovered(report.scores),
        "additivity_error_points": max(map(_additivity_error, report.scores)),
        "changes": asdict(report.changes),
        "score_against_predict_points": report.predict_error,
        "lives_told_otherwise_in_their_own_time": report.moved_in_time,
        "top_reason_flips": {
            "unread_event_added": report.unread_flips,
            "irrelevant_event_added": report.irrelevant_flips,
            "irrelevant_event": report.irrelevant.event["type"],
            "irrelevant_event_actor": report.irrelevant.event["actor"],
            "irrelevant_event_read_by": report.irrelevant.read_by,
        },
        "true_drivers": report.agreement and asdict(report.agreement),
        "narratives": report.judged and _narratives(report.judged),
        "contradicted": list(_examples(report)),
    }


def tables(report: Report) -> Iterator[Table]:
    """The same for a reader."""
    claims = Table(
        *("", "checked", "contradicted", "%", "moved the other way", "another score"),
        title=f"Reasons of {len(report.scores):,} moments, tested by a second call",
    )
    for name, tested in (
        ("told, deletion", report.told_by(insertion=False)),
        ("told, insertion", report.told_by(insertion=True)),
        ("plain TreeSHAP, top 4", report.plain),
        (f"… that weigh {MUST_MOVE} or more", report.heavy),
    ):
        claims.add_row(name, *_cells(tested))
    yield claims
    figures = Table("figure", "value", title="And the rest")
    for name, value in fields(report).items():
        if isinstance(value, dict) and not name.startswith(("told", "plain")):
            for inner, one in value.items():
                figures.add_row(f"{name}: {inner}", _cell(one))
        elif isinstance(value, float):
            figures.add_row(name, _cell(value))
    yield figures


def _tested(tested: Sequence[Trial]) -> dict[str, float]:
    return {
        **_contradicted(tested),
        "another_score": sum(one.is_another_score for one in tested),
        "largest_difference_points": max(
            (one.difference for one in tested), default=0.0
        ),
    }


def _contradicted(tested: Sequence[Trial]) -> dict[str, float]:
    contradicted = sum(one.is_contradicted for one in tested)
    other_way = sum(one.moved_the_other_way for one in tested)
    n = max(1, len(tested))
    return {
        "checked": len(tested),
        "contradicted": contradicted,
        "contradicted_share": contradicted / n,
        "moved_the_other_way": other_way,
        "moved_the_other_way_share": other_way / n,
    }


def _coverage(scores: Sequence[Json]) -> dict[str, float]:
    """Shares of moments by their number of reasons that a deletion checked."""
    deletions = [_n_deletions(score) for score in scores]
    return {
        f"at_least_{least}_deletion_checked": sum(n >= least for n in deletions)
        / len(scores)
        for least in (1, 2)
    }


def _uncovered(scores: Sequence[Json]) -> dict[str, float]:
    """Moments without a deletion-checked reason: what is told of them instead."""
    left = [score for score in scores if not _n_deletions(score)]
    absent = sum(bool(score["reasons"]) for score in left)
    ordinary = sum(not score["reasons"] and _is_near_base(score) for score in left)
    return {
        "moments": len(left),
        "tell_an_absence": absent,
        "say_nothing_sets_it_apart": ordinary,
        "hand_over_to_a_person": len(left) - absent - ordinary,
    }


def _is_near_base(score: Json) -> bool:
    return bool(abs(score["score"] - score["base"]) <= NEAR_BASE)


def _n_deletions(score: Json) -> int:
    return sum(reason["check"] == "deletion" for reason in score["reasons"])


def _additivity_error(score: Json) -> float:
    points = sum(reason["points"] for reason in score["reasons"])
    return float(abs(score["base"] + points + score["other_points"] - score["score"]))


def _narratives(judged: Judged) -> dict[str, Any]:
    return {
        "told": judged.narratives,
        "distinct_texts": judged.distinct_texts,
        "grammalecte_faults_per_10000": judged.faults_per_10000,
        "microseconds_each": judged.microseconds,
        "faulty_lines": len(judged.faults),
        "examples": dict(list(judged.faults.items())[:MOST_EXAMPLES]),
    }


def _examples(report: Report) -> Iterator[dict[str, Any]]:
    """What a reader needs to see a contradiction again, at the lead's own time."""
    wrong = [t for t in report.told if t.is_contradicted or t.is_another_score]
    for one in wrong[:MOST_EXAMPLES]:
        life, claim = report.lives[one.claim.row], one.claim
        yield {
            "lead_id": life.lead_id,
            "moment": life.moment,
            "idea": claim.idea,
            "is_up": claim.is_up,
            "evidence": [piece._asdict() for piece in sorted(claim.evidence, key=str)],
            "inserted": claim.inserted
            and moved_back([claim.inserted], life, report.at)[0],
            "score": one.score,
            "score_without": claim.score_without,
            "second_score": one.second,
        }


def _cells(tested: Sequence[Trial]) -> list[str]:
    told = _tested(tested)
    return [
        f"{told['checked']:,}",
        f"{told['contradicted']:,}",
        f"{told['contradicted_share']:.1%}",
        f"{told['moved_the_other_way']:,}",
        f"{told['another_score']:,}",
    ]


def _cell(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
