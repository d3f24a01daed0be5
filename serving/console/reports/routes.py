"""Routes of the reports: Automatisation et humain, Adoption and Modèle."""

from datetime import UTC, date, datetime, time
from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel

from governance.people.roles import ANALYSTS, MANAGERS
from governance.rules.ruleset import Rules
from serving.automation.adoption import Adoption, Use, adoption, week_of
from serving.automation.impact_report import report_ahead
from serving.console.page.authentication import InSight, TheForm, TheReader, needs_role
from serving.console.page.form_parsing import EmptyAsNone, filled
from serving.console.page.format_fr import wording
from serving.console.page.rendering import HOME, page
from serving.console.reports.automation_page import automation_page
from serving.console.reports.charts import columns_of, reliability_of
from serving.errors import RequestInvalidError
from serving.formats.lead_id import LeadInPath
from serving.repositories.leads import find_lead
from serving.repositories.scores import add_opening, latest_score
from serving.runtime.background_cache import Cached, Failed
from serving.runtime.dependencies import (
    TheModels,
    TheNow,
    TheRules,
    TheService,
    TheStore,
)
from training.errors import ModelUnavailableError

router = APIRouter()


class Since(BaseModel):
    """The form of the report, as its address has it."""

    depuis: Annotated[date | None, EmptyAsNone] = None

    @property
    def instant(self) -> datetime | None:
        day = self.depuis
        return None if day is None else datetime.combine(day, time(), UTC)


@router.get("/automatisation")
def show_automation(
    service: TheService,
    reader: TheReader,
    since: Annotated[Since, Query()],
) -> Response:
    """For managers; nothing is shown by rep."""
    needs_role(reader.person, MANAGERS)
    report = report_ahead(service, since.instant)
    return page(
        "automation.html",
        reader,
        is_under_way=report is None,
        has_failed=isinstance(report, Failed),
        shown=automation_page(report, service.pipeline.titles)
        if isinstance(report, Cached)
        else None,
        since=since.depuis,
    )


@router.post("/automatisation")
def try_again(service: TheService, reader: TheReader, form: TheForm) -> Response:
    """Begin a report anew that couldn't be made."""
    needs_role(reader.person, MANAGERS)
    since = filled(Since, form)
    service.reports.retry(since.instant)
    query = f"?depuis={since.depuis}" if since.depuis else ""
    return RedirectResponse(f"{HOME}/automatisation{query}", status_code=303)


@router.post(
    "/opportunites/{lead_id}/raisons/{idea}", status_code=204, dependencies=[InSight]
)
def count_opening(
    lead_id: LeadInPath, idea: str, store: TheStore, now: TheNow, form: TheForm
) -> Response:
    """A reason of the lead's latest score was opened. `form` only shows that the
    session's own page says so."""
    with store.reading() as session:
        lead = find_lead(session, lead_id)
        score = latest_score(session, lead.id) if lead else None
    reasons = score["reasons"] if score else []
    assert isinstance(reasons, list)
    if not any(
        isinstance(reason, dict) and reason["idea"] == idea for reason in reasons
    ):
        raise RequestInvalidError("idea", "missing")
    with store.writing() as session:
        add_opening(session, week_of(now), idea)
    return Response(status_code=204)


@router.get("/adoption")
def show_adoption(
    store: TheStore, now: TheNow, rules: TheRules, reader: TheReader
) -> Response:
    """The use of what people read, for managers and analysts."""
    needs_role(reader.person, MANAGERS | ANALYSTS)
    shown = adoption(store, now)
    opened = [week.counts[Use.OPENED] for week in shown.weeks]
    return page(
        "adoption.html",
        reader,
        shown=shown,
        uses=list(Use),
        columns=columns_of(opened),
        names=_names(rules, shown),
    )


def _names(rules: Rules, shown: Adoption) -> dict[str, str]:
    """What ideas and rules are called; one that is gone keeps its code."""
    titles = {rule.id: rule.title for rule in rules.rule}
    codes = {name for name, _ in shown.opened} | {group.name for group in shown.judged}
    ideas = {
        code: wording().idea(code) for code in codes & set(wording().catalogue.ideas)
    }
    return {code: code for code in codes} | titles | ideas


@router.get("/modele")
def show_model(models: TheModels, reader: TheReader) -> Response:
    """Champion and challenger, for analysts."""
    needs_role(reader.person, ANALYSTS)
    from training.promotion.registry_report import standing  # loads MLflow

    try:
        shown = standing()
    except ModelUnavailableError:
        return page("model.html", reader, shown=None)
    serving = models.loaded
    months = shown.drift.months if shown.drift else ()
    return page(
        "model.html",
        reader,
        shown=shown,
        serving=serving.model.version if serving else None,
        metrics=list(shown.champion.metrics) if shown.champion else [],
        months=reliability_of(months),
    )
