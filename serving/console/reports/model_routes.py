"""Routes of Modèle: champion and challenger, for analysts."""

from fastapi import APIRouter, Response

from governance.people.roles import Role
from serving.console.page.authentication import TheReader, needs_role
from serving.console.page.rendering import page
from serving.console.reports.charts import reliability_of
from serving.runtime.dependencies import TheService
from training.errors import ModelUnavailableError

router = APIRouter()
ANALYSTS = frozenset({Role.ANALYST, Role.ADMIN})


@router.get("/modele")
def show_model(service: TheService, reader: TheReader) -> Response:
    needs_role(reader.person, ANALYSTS)
    from training.promotion.registry_report import standing  # loads MLflow

    try:
        shown = standing()
    except ModelUnavailableError:
        return page("model.html", reader, shown=None)
    serving = service.models.loaded
    months = shown.drift.months if shown.drift else ()
    return page(
        "model.html",
        reader,
        shown=shown,
        serving=serving.model.version if serving else None,
        metrics=list(shown.champion.metrics) if shown.champion else [],
        months=reliability_of(months),
    )
