"""Context of automation: what it goes by, in the service and in a simulation."""

from dataclasses import dataclass

from explanations.scorer import ScorerFacts
from governance.people.feedback import Judgement
from governance.rules.actions import Assignees
from governance.rules.exception_cases import Cases
from governance.rules.ruleset import Rules


@dataclass(frozen=True, slots=True, kw_only=True)
class AutomationContext:
    """The rules, the cases of exception, and whom they call.

    Without `scorer` a replay knows no score, nor usual delay. `is_stopped`: the audit
    was found broken.
    """

    rules: Rules
    cases: Cases
    assignees: Assignees
    judgement: Judgement
    scorer: ScorerFacts | None = None
    is_stopped: bool = False

    def usual_hours(self, segment: str | None) -> dict[str, float]:
        """Usual delays of a segment by idea, in hours; else those of all."""
        return {} if self.scorer is None else self.scorer.usual_hours(segment)
