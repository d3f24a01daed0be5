"""Verdict of the gate on a challenger. A finding is a value; nothing is raised."""

from dataclasses import dataclass
from enum import StrEnum

from pydantic import JsonValue


class Rule(StrEnum):
    """What a challenger is held to (`docs/promotion.md`)."""

    CATALOGUE = "catalogue"
    HOLD_OUT = "hold_out"
    AVERAGE_PRECISION = "average_precision"
    LOG_LOSS = "log_loss"
    CALIBRATION = "calibration"
    SEGMENTS = "segments"
    CONTRADICTIONS = "contradictions"
    SPEED = "speed"


class Outcome(StrEnum):
    """Not applicable is never kept: nobody knows."""

    KEPT = "kept"
    BROKEN = "broken"
    NOT_APPLICABLE = "not_applicable"


MAY_NOT_APPLY = {Rule.SEGMENTS, Rule.CONTRADICTIONS}  # there may be none to look at


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What came of one rule; `figure` was held to `bound`, where there is a figure."""

    rule: Rule
    outcome: Outcome
    why: str
    figure: float | None = None
    bound: float | None = None

    @property
    def lets_pass(self) -> bool:
        if self.outcome is Outcome.NOT_APPLICABLE:
            return self.rule in MAY_NOT_APPLY
        return self.outcome is Outcome.KEPT


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A challenger may take the champion's place if every finding lets it pass."""

    champion: str
    challenger: str
    log_sha256: str
    findings: tuple[Finding, ...]

    @property
    def passes(self) -> bool:
        return all(finding.lets_pass for finding in self.findings)

    def as_json(self) -> dict[str, JsonValue]:
        """As it is logged."""
        return {
            "champion": self.champion,
            "challenger": self.challenger,
            "log_sha256": self.log_sha256,
            "passes": self.passes,
            "findings": [
                {
                    "rule": finding.rule.value,
                    "outcome": finding.outcome.value,
                    "figure": finding.figure,
                    "bound": finding.bound,
                    "why": finding.why,
                }
                for finding in self.findings
            ],
        }


def held(
    rule: Rule,
    why: str,
    *,
    kept: bool,
    figure: float | None = None,
    bound: float | None = None,
) -> Finding:
    """A finding that applies, kept or broken."""
    outcome = Outcome.KEPT if kept else Outcome.BROKEN
    return Finding(rule=rule, outcome=outcome, why=why, figure=figure, bound=bound)


def at_most(rule: Rule, figure: float, bound: float, why: str) -> Finding:
    """Kept where the figure is known and not above the bound."""
    return held(rule, why, kept=figure <= bound, figure=figure, bound=bound)


def at_least(rule: Rule, figure: float, bound: float, why: str) -> Finding:
    """Kept where the figure is known and not below the bound."""
    return held(rule, why, kept=figure >= bound, figure=figure, bound=bound)


def not_applicable(why: str, *rules: Rule) -> list[Finding]:
    """The same for several rules."""
    return [
        Finding(rule=rule, outcome=Outcome.NOT_APPLICABLE, why=why) for rule in rules
    ]
