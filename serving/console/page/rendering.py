"""Rendering of pages: their templates, and the filters that templates use."""

from collections.abc import Sequence
from inspect import getmembers, isfunction
from pathlib import Path
from typing import Any

from fastapi import Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from explanations.rounding import nearest
from features.errors import FreinError
from governance.people.roles import DECIDERS
from serving.auth.sessions import SignedIn
from serving.console.page import figures_fr, format_fr
from serving.formats.lead_id import as_segment
from serving.http.messages_fr import CLAUSE, PRIORITY, until
from serving.http.problems import STATUS, detail_of

HOME = "/console"
FOLDER = Path(__file__).parents[1]  # of templates and static files


def address_of(lead_id: str) -> str:
    """Where the page of a lead is."""
    return f"{HOME}/opportunites/{as_segment(lead_id)}"


_TEMPLATES = Environment(
    loader=FileSystemLoader(FOLDER / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters |= {
    "address": address_of,
    "clause": CLAUSE.__getitem__,
    "ended_how": figures_fr.ENDED.__getitem__,
    "drift_level": figures_fr.DRIFT.__getitem__,
    "gate": lambda code: figures_fr.GATE.get(code, code),
    "how": figures_fr.HOW.__getitem__,
    "level": figures_fr.LEVEL.__getitem__,
    "metric": lambda code: figures_fr.METRIC.get(code, code),
    "nearest": nearest,
    "priority": PRIORITY.__getitem__,
    "task": format_fr.TASK.__getitem__,
    "until": until,
    "use": figures_fr.USE.__getitem__,
}
for _module in (figures_fr, format_fr):
    _TEMPLATES.filters |= dict(getmembers(_module, isfunction))
_TEMPLATES.globals |= {"home": HOME}


def page(
    template: str, reader: SignedIn | None = None, status: int = 200, **shown: Any
) -> Response:
    """A page; `reader` is who reads it, whose navigation and forms it has."""
    html = _TEMPLATES.get_template(template).render(
        me=reader.person if reader else None,
        csrf=reader.csrf if reader else None,
        warning=reader.warning if reader else None,
        status=status,
        may_decide=reader is not None and reader.person.role in DECIDERS,
        **shown,
    )
    return Response(html, status_code=status, media_type="text/html")


def sign_in_page(
    back: str,
    status: int = 200,
    refused: str | None = None,
    *,
    has_provider: bool,
    login: str = "",
    typed: Sequence[str] = (),
) -> Response:
    """The page to sign in, which leads to `back`; `typed`: what would else be lost."""
    return page(
        "sign_in.html",
        None,
        status,
        login=login,
        refused=refused,
        elsewhere=has_provider,
        back=back,
        typed=typed,
    )


def proof_page(
    reader: SignedIn,
    back: str,
    error: FreinError,
    typed: Sequence[str] = (),
    *,
    is_refused: bool = False,
) -> Response:
    """The page to give one's password again, which leads back."""
    return page(
        "proof.html",
        reader,
        STATUS[type(error)],
        back=back,
        detail=detail_of(error),
        refused=is_refused,
        typed=typed,
    )
