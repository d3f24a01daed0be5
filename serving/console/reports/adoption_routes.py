"""Routes of Adoption: the use of what people read, and the count of reasons opened."""

from fastapi import APIRouter, Response

from governance.people.roles import Role
from governance.rules.ruleset import Rules
from serving.automation.adoption import Adoption, Use, adoption, week_of
from serving.console.page.authentication import InSight, TheForm, TheReader, needs_role
from serving.console.page.format_fr import wording
from serving.console.page.rendering import page
from serving.console.reports.charts import columns_of
from serving.errors import RequestInvalidError
from serving.repositories.leads import find_lead
from serving.repositories.scores import add_opening, latest_score
from serving.runtime.dependencies import TheService

router = APIRouter()
READERS = frozenset({Role.MANAGER, Role.ANALYST, Role.ADMIN})


@router.post(
    "/opportunites/{lead_id}/raisons/{idea}", status_code=204, dependencies=[InSight]
)
def count_opening(
    lead_id: str, idea: str, service: TheService, form: TheForm
) -> Response:
    """A reason of the lead's latest score was opened. `form` only shows that the
    session's own page says so."""
    with service.store.reading() as session:
        lead = find_lead(session, lead_id)
        score = latest_score(session, lead.id) if lead else None
    reasons = score["reasons"] if score else []
    assert isinstance(reasons, list)
    if not any(
        isinstance(reason, dict) and reason["idea"] == idea for reason in reasons
    ):
        raise RequestInvalidError("idea", "missing")
    with service.store.writing() as session:
        add_opening(session, week_of(service.clock()), idea)
    return Response(status_code=204)


@router.get("/adoption")
def show_adoption(service: TheService, reader: TheReader) -> Response:
    needs_role(reader.person, READERS)
    shown = adoption(service.store, service.clock())
    opened = [week.counts[Use.OPENED] for week in shown.weeks]
    return page(
        "adoption.html",
        reader,
        shown=shown,
        uses=list(Use),
        columns=columns_of(opened),
        names=_names(service.rules, shown),
    )


def _names(rules: Rules, shown: Adoption) -> dict[str, str]:
    """What ideas and rules are called; one that is gone keeps its code."""
    titles = {rule.id: rule.title for rule in rules.rule}
    codes = {name for name, _ in shown.opened} | {group.name for group in shown.judged}
    ideas = {
        code: wording().idea(code) for code in codes & set(wording().catalogue.ideas)
    }
    return {code: code for code in codes} | titles | ideas
