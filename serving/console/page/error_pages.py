"""Error pages in French, with a way back that works and nothing lost."""

from collections.abc import Mapping

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError

from features.errors import EventError, FreinError, LeadIdError
from serving.console.page import format_fr as words
from serving.console.page.authentication import fields_of, is_from_elsewhere
from serving.console.page.redirects import asked_address, way_back
from serving.console.page.rendering import (
    HOME,
    address_of,
    page,
    proof_page,
    sign_in_page,
)
from serving.errors import (
    CsrfMissingError,
    LeadUnknownError,
    ProposalDecidedError,
    ReauthenticationRequiredError,
    RequestInvalidError,
    RouteUnknownError,
)
from serving.formats.cloud_event import as_refusal
from serving.formats.lead_id import decoded
from serving.formats.schema import Fault
from serving.http.problems import STATUS, detail_of
from serving.runtime.dependencies import service_of

_WRITTEN = ("text", "reason")  # fields of words of one's own, or of a list
_AFTER_A_FORM = ("taches", "regles", "automatisation")  # pages with forms, of no lead


def error_page(
    request: Request, error: FreinError, typed: list[str] | None = None
) -> Response:
    """What went wrong, with a way back; `typed`: what would else be lost."""
    reader = getattr(request.state, "reader", None)
    if isinstance(error, ReauthenticationRequiredError) and reader is not None:
        return proof_page(reader, way_back(_page_of_form(request)), error, typed or ())
    status = STATUS[type(error)]
    title = words.ERROR_TITLE.get(status, words.ANY_ERROR)
    is_stale = isinstance(error, CsrfMissingError)
    return page(
        "error.html",
        reader,
        status,
        title=words.NOTHING_SAVED if is_stale else title,
        detail=_detail(error),
        back=_back(request, error),
        typed=typed or [],
    )


async def lost_page(request: Request) -> Response:
    """A form came after its session had ended: sign in, and begin again."""
    return sign_in_page(
        way_back(_page_of_form(request)),
        401,
        words.SESSION_OVER,
        has_provider=service_of(request).provider is not None,
        typed=await typed_in(request),
    )


async def typed_in(request: Request) -> list[str]:
    """The words of one's own in a form; none of a form that another site sent."""
    if is_from_elsewhere(request):
        return []
    fields = getattr(request.state, "fields", None)  # a body is read once
    if fields is None:
        fields = await _read(request)
    listed = service_of(request).judgement.reasons
    texts = (text for name in _WRITTEN for text in fields.get(name, []))
    return [text for text in texts if text.strip() and text not in listed]


async def _read(request: Request) -> Mapping[str, list[str]]:
    try:
        return await fields_of(request)
    except FreinError:  # too large, or cut off: what of it was read is of no use
        return {}


def invalid_request(error: RequestValidationError) -> FreinError:
    """An address or a query that doesn't fit, as our own error."""
    first = error.errors()[0]
    ours = as_refusal(Fault.of(first, begin=1), RequestInvalidError)
    if first["loc"][0] == "path" and not isinstance(ours, LeadIdError):
        return RouteUnknownError()  # what it names can't be
    return ours


def _detail(error: FreinError) -> str:
    if isinstance(error, ProposalDecidedError):
        return words.decided_before(error.status, error.decided_by)
    if isinstance(error, CsrfMissingError):
        return words.FORM_IS_STALE
    if isinstance(error, LeadIdError):  # its sentence names the character
        return detail_of(error)
    if isinstance(error, RequestInvalidError | EventError):
        return words.field_refused(error.field, error.why)
    return detail_of(error)


def _back(request: Request, error: FreinError) -> tuple[str, str]:
    """An address that answers, and what it is called."""
    address = f"{HOME}/"
    if request.method == "POST" and not isinstance(error, LeadUnknownError):
        address = _page_of_form(request)
    elif isinstance(error, RequestInvalidError):
        address = asked_address(request).partition("?")[0]
    return address, words.back_to(address.removeprefix(f"{HOME}/"))


def _page_of_form(request: Request) -> str:
    """The page on which a form stood."""
    if segment := request.path_params.get("lead_id"):
        return address_of(decoded(segment))
    section = request.url.path.removeprefix(f"{HOME}/").partition("/")[0]
    return f"{HOME}/{section}" if section in _AFTER_A_FORM else f"{HOME}/"
