"""The step of a lead: what it keeps and forgets when nothing happens."""

from dataclasses import replace
from datetime import timedelta

from governance.leads.automation_context import AutomationContext
from governance.leads.state import LeadState
from governance.leads.step import Arrivals, step
from governance.people.feedback import read_judgement
from governance.rules.exception_cases import Cases
from governance.rules.history import KEPT, History, Write
from governance.rules.outcome import Cause
from governance.rules.rule import Target
from tests.governance.rule_builders import ASSIGNEES, NOW, PIPELINE, make_rules

CONTEXT = AutomationContext(
    rules=make_rules({}),
    cases=Cases(version=1),
    assignees=ASSIGNEES,
    judgement=read_judgement(),
)


def test_old_writes_are_forgotten_though_nothing_acts() -> None:
    old, young = (
        Write(Target.OWNER, "Awa Diallo", NOW - age, Cause.first("crm m-1"))
        for age in (KEPT, KEPT - timedelta(seconds=1))
    )
    lead = LeadState.unknown("L-1", PIPELINE)
    lead = replace(lead, history=History(writes=(old, young)))
    stopped = replace(CONTEXT, is_stopped=True)
    for context in (CONTEXT, stopped):
        after = step(context, lead, Arrivals(), None, NOW)
        assert after.outcomes == ()
        assert after.state.history.writes == (young,)
