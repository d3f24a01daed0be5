"""What decides on its own: the rules, the cases of exception, and whom they call."""

from dataclasses import dataclass

from explanations.scorer import ScorerFacts
from governance.people.feedback import Judgement
from governance.rules.actions import Desk
from governance.rules.exception_cases import Cases
from governance.rules.ruleset import Rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Without `scorer` a replay knows no score, nor usual delay; without `judgement`,
    nobody's word on a priority."""

    rules: Rules
    cases: Cases
    desk: Desk
    scorer: ScorerFacts | None = None
    judgement: Judgement | None = None

    def usual_hours(self, segment: str | None) -> dict[str, float]:
        """Usual delays of a segment by idea, in hours; else those of all."""
        return {} if self.scorer is None else self.scorer.usual_hours(segment)
