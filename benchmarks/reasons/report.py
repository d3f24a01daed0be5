"""Report of the reasons benchmark: figures of its JSON line, and tables of them."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from rich.table import Table

from benchmarks.common.public_scores import Json, Life, moved_back
from benchmarks.reasons.claims import MUST_MOVE, Trial
from explanations.narrative_input import NEAR_BASE

MOST_EXAMPLES = 3


def told_figures(told: Sequence[Trial]) -> Json:
    """How often told reasons were contradicted, by the way each was checked."""
    insertions = [trial for trial in told if trial.claim.inserted is not None]
    deletions = [trial for trial in told if trial.claim.inserted is None]
    return {
        name: _contradicted(trials)
        | {
            "another_score": sum(trial.is_another_score for trial in trials),
            "largest_difference_points": max(
                (trial.difference for trial in trials), default=0.0
            ),
        }
        for name, trials in (
            ("told_deletions", deletions),
            ("told_insertions", insertions),
        )
    }


def plain_figures(plain: Sequence[Trial], n_plain: int) -> Json:
    """The same of the plain reasons that can be checked, of `n_plain` in all."""
    heavy = [trial for trial in plain if (trial.claim.weight or 0.0) >= MUST_MOVE]
    return {
        "told": n_plain,
        "without_evidence": n_plain - len(plain),
        **_contradicted(plain),
        f"of_weight_{MUST_MOVE}_or_more": _contradicted(heavy),
    }


def score_figures(scores: Sequence[Json]) -> Json:
    """What the scores say of themselves: reasons enough, and that they add up.

    Of moments without a deletion-checked reason: what is told of them instead.
    """
    deletions = [
        sum(reason["check"] == "deletion" for reason in score["reasons"])
        for score in scores
    ]
    left = [score for score, n in zip(scores, deletions, strict=True) if not n]
    absent = sum(bool(score["reasons"]) for score in left)
    ordinary = sum(not score["reasons"] and _is_near_base(score) for score in left)
    return {
        "coverage": {
            f"at_least_{least}_deletion_checked": sum(n >= least for n in deletions)
            / len(scores)
            for least in (1, 2)
        },
        "uncovered": {
            "moments": len(left),
            "tell_an_absence": absent,
            "say_nothing_sets_it_apart": ordinary,
            "hand_over_to_a_person": len(left) - absent - ordinary,
        },
        "additivity_error_points": max(map(_additivity_error, scores)),
    }


def examples(
    told: Sequence[Trial], known: Sequence[Life], at: datetime
) -> Iterator[Json]:
    """What a reader needs to see a contradiction again, at the lead's own time."""
    wrong = [trial for trial in told if trial.is_contradicted or trial.is_another_score]
    for trial in wrong[:MOST_EXAMPLES]:
        life, claim = known[trial.claim.row], trial.claim
        yield {
            "lead_id": life.lead_id,
            "moment": life.moment,
            "idea": claim.idea,
            "is_up": claim.is_up,
            "evidence": [piece._asdict() for piece in sorted(claim.evidence, key=str)],
            "inserted": claim.inserted and moved_back([claim.inserted], life, at)[0],
            "score": trial.score,
            "score_without": claim.score_without,
            "second_score": trial.second,
        }


def tables(report: Json) -> Iterator[Table]:
    """The same for a reader."""
    claims = Table(
        *("", "checked", "contradicted", "%", "moved the other way", "another score"),
        title=f"Reasons of {report['moments']:,} moments, tested by a second call",
    )
    plain = report["plain_treeshap_top_4"]
    for name, figures in (
        ("told, deletion", report["told_deletions"]),
        ("told, insertion", report["told_insertions"]),
        ("plain TreeSHAP, top 4", plain),
        (f"… that weigh {MUST_MOVE} or more", plain[f"of_weight_{MUST_MOVE}_or_more"]),
    ):
        claims.add_row(
            name,
            f"{figures['checked']:,}",
            f"{figures['contradicted']:,}",
            f"{figures['contradicted_share']:.1%}",
            f"{figures['moved_the_other_way']:,}",
            f"{figures.get('another_score', 0):,}",  # plain ones promise none
        )
    yield claims
    rest = Table("figure", "value", title="And the rest")
    for name, value in report.items():
        if isinstance(value, dict) and not name.startswith(("told", "plain")):
            for inner, figure in value.items():
                rest.add_row(f"{name}: {inner}", _cell(figure))
        elif isinstance(value, float):
            rest.add_row(name, _cell(value))
    yield rest


def _contradicted(trials: Sequence[Trial]) -> dict[str, float]:
    contradicted = sum(trial.is_contradicted for trial in trials)
    other_way = sum(trial.moved_the_other_way for trial in trials)
    n = max(1, len(trials))
    return {
        "checked": len(trials),
        "contradicted": contradicted,
        "contradicted_share": contradicted / n,
        "moved_the_other_way": other_way,
        "moved_the_other_way_share": other_way / n,
    }


def _is_near_base(score: Json) -> bool:
    return bool(abs(score["score"] - score["base"]) <= NEAR_BASE)


def _additivity_error(score: Json) -> float:
    points = sum(reason["points"] for reason in score["reasons"])
    return float(abs(score["base"] + points + score["other_points"] - score["score"]))


def _cell(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
