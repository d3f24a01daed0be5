"""Bounds and statistics of the promotion gate; `verdict.py` says whether one passes.

`challenge.py` puts two models to the same hold-out and asks this.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from training.dataset.groups import Group
from training.metrics.metrics import METRICS, Ranking
from training.metrics.paired_scores import PairedScores, changes, holm_shares
from training.promotion.verdict import Finding, Rule, at_least, at_most, not_applicable

# The bounds are issue 3's; docs/promotion.md says what each means.
AVERAGE_PRECISION_AT_LEAST = -0.01
LOG_LOSS_AT_MOST = 0.005
CALIBRATION_ERROR_AT_MOST = 0.04
SEGMENT_AUC_AT_LEAST = -0.03
SEGMENT_LEADS = 100  # won, and as many not
MORE_CONTRADICTIONS = 0.02
TIMES_AS_LONG = 2.0

N_RESAMPLES = 500
SEED = 20_260_101


def quality_findings(
    said: PairedScores, *, n_resamples: int = N_RESAMPLES, seed: int = SEED
) -> Iterator[Finding]:
    """Average precision, log loss and calibration, from a bootstrap over leads.

    Examples
    --------
    >>> won = np.tile([True, False, False, False], 100)
    >>> said = np.where(won, 0.35, 0.2)
    >>> same = PairedScores(lead_ids=[f"L-{i}" for i in range(400)], won=won,
    ...                     champion=said, challenger=said)
    >>> [finding.outcome.value for finding in quality_findings(same)]
    ['kept', 'kept', 'broken']
    """
    metrics = {name: METRICS[name] for name in ("average_precision", "log_loss")}
    change = changes(said, metrics, n_resamples=n_resamples, seed=seed)
    precision, loss = change["average_precision"], change["log_loss"]
    yield at_least(
        Rule.AVERAGE_PRECISION,
        precision.lower(),
        AVERAGE_PRECISION_AT_LEAST,
        f"changes by {precision.value:+.4f}; this is its lower 95 % bound",
    )
    yield at_most(
        Rule.LOG_LOSS,
        loss.upper(),
        LOG_LOSS_AT_MOST,
        f"changes by {loss.value:+.4f}; this is its upper 95 % bound",
    )
    error = Ranking.of(said.won, said.challenger).calibration_error().item()
    why = "the challenger's calibration error"
    yield at_most(Rule.CALIBRATION, error, CALIBRATION_ERROR_AT_MOST, why)


def segments_finding(
    said: PairedScores,
    groups: Sequence[Group],
    *,
    n_resamples: int = N_RESAMPLES,
    seed: int = SEED,
) -> Finding:
    """Broken where a segment is surely worse, however many segments are looked at.

    `groups` are those with enough leads.
    """
    if not groups:
        why = f"no segment has {SEGMENT_LEADS} leads won and as many not"
        return not_applicable(why, Rule.SEGMENTS)[0]
    auc = {"auc": Ranking.auc}
    lost = [
        changes(said.of(group.rows), auc, n_resamples=n_resamples, seed=seed)["auc"]
        for group in groups
    ]
    p_values = [change.chance_of_at_least(SEGMENT_AUC_AT_LEAST) for change in lost]
    uppers = [
        change.normal_upper(1 - share)
        for change, share in zip(lost, holm_shares(p_values), strict=True)
    ]
    worst = int(np.argmin(uppers))
    names = [f"{group.dimension} {group.label}" for group in groups]
    worse = [
        name
        for name, upper in zip(names, uppers, strict=True)
        if upper < SEGMENT_AUC_AT_LEAST
    ]
    why = (
        f"AUC is lost in {', '.join(worse)}"
        if worse
        else f"the least sure of {len(groups)} is {names[worst]}, where AUC changes by "
        f"{lost[worst].value:+.3f}"
    )
    return at_least(Rule.SEGMENTS, uppers[worst], SEGMENT_AUC_AT_LEAST, why)


def contradictions_finding(champion: float | None, challenger: float | None) -> Finding:
    """From the share of plain reasons contradicted, of each model; None: unknown."""
    if champion is None or challenger is None:
        why = "no plain reason has evidence to take away"
        return not_applicable(why, Rule.CONTRADICTIONS)[0]
    return at_most(
        Rule.CONTRADICTIONS,
        challenger,
        champion + MORE_CONTRADICTIONS,
        f"share of plain TreeSHAP reasons contradicted; the champion's: {champion:.3f}",
    )


def speed_finding(champion: float, challenger: float) -> Finding:
    """From the seconds in which each explains the same moments."""
    why = "times as long to explain a lead as the champion"
    return at_most(Rule.SPEED, challenger / champion, TIMES_AS_LONG, why)
