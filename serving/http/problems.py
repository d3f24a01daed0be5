"""Errors as HTTP tells them (RFC 9457): a status and a French sentence for each."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

import orjson
from fastapi import Response
from pydantic import JsonValue

from data.importing import errors as importing_errors
from explanations import errors as explanations_errors
from features import errors as features_errors
from features.errors import FreinError
from governance import errors as governance_errors
from serving import errors
from serving.formats.schema import Shown
from serving.http.messages_fr import (
    ANY_OTHER_WHY,
    CHANGED,
    FATE,
    ONE_OF,
    OTHER_LEAD,
    PRIORITY,
    RESERVED,
    SENTENCE,
    UNTIL_ENDED,
    WAITS,
    WAITS_FOR_MANAGER,
    WHY,
    removed,
    until,
)
from training import errors as training_errors

PROBLEM_JSON = "application/problem+json"


class Problem(Shown):
    """RFC 9457; the media type is application/problem+json."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    field: str | None = None
    proposal_id: UUID | None = None
    task_id: UUID | None = None


# Of an error, and of those below it that STATUS doesn't name.
_FAMILIES: dict[type[FreinError], int] = {
    features_errors.EventError: 422,
    errors.RequestError: 400,
    errors.AccessError: 403,
    errors.UnknownError: 404,
    errors.StoreBusyError: 503,
}
STATUS: dict[type[FreinError], int] = {
    kind: status
    for family, status in _FAMILIES.items()
    for kind in (family, *family.__subclasses__())
} | {
    features_errors.LogError: 500,
    features_errors.CatalogueError: 500,
    importing_errors.ImportFailedError: 500,
    training_errors.TrainingError: 500,
    training_errors.ModelUnavailableError: 503,
    explanations_errors.ModelRejectedError: 503,
    explanations_errors.WordingError: 500,
    governance_errors.PipelineError: 500,
    governance_errors.RulesError: 500,
    governance_errors.ExceptionsError: 500,
    governance_errors.JudgementError: 500,
    governance_errors.CrmUsersError: 500,
    governance_errors.EventNamesError: 500,
    governance_errors.StagesHeldError: 500,
    governance_errors.LostReasonError: 422,
    governance_errors.StageUnknownError: 422,
    governance_errors.StageAlreadyHeldError: 409,
    governance_errors.ActionNotAutomaticError: 409,
    errors.BodyTooLargeError: 413,
    errors.MediaTypeError: 415,
    errors.ContentEncodingError: 415,
    errors.RequestInvalidError: 422,
    errors.RouteUnknownError: 404,
    errors.MethodNotAllowedError: 405,
    errors.EventIdReusedError: 409,
    errors.KeyReusedError: 422,
    errors.CallUnderWayError: 409,
    errors.KeyMissingError: 401,
    errors.KeyInvalidError: 401,
    errors.SignInRefusedError: 401,
    errors.NotVouchedForError: 401,
    errors.SignInNeededError: 401,
    errors.SecondFactorError: 401,
    errors.ReauthenticationRequiredError: 401,
    errors.TooManyCallsError: 429,
    errors.ReservedForPeopleError: 409,
    errors.AboveLimitError: 409,
    errors.LeadForgottenError: 410,
    errors.LeadIdAmbiguousError: 422,
    errors.ObjectedError: 409,
    errors.ConsentMissingError: 403,
    errors.LeadRemovedError: 409,
    errors.PriorityMissingError: 409,
    errors.PriorityHeldError: 409,
    errors.SuspendedAlreadyError: 409,
    errors.ChangedMeanwhileError: 409,
    errors.ProposalDecidedError: 409,
    errors.TaskClosedError: 409,
    errors.TaskAwaitsDecisionError: 409,
    errors.DatabaseUnsupportedError: 500,
    errors.StoreRevisionError: 500,
    errors.SettingsError: 500,
    errors.StoreFullError: 507,
    errors.StoreReadOnlyError: 503,
    errors.StoreCorruptError: 503,
    errors.BackupError: 500,
    errors.ProviderUnavailableError: 503,
    errors.ProviderUnsupportedError: 500,
    errors.AuditBrokenError: 500,
    errors.AutomationStoppedError: 409,
    errors.AnchorsUnreadableError: 500,
    errors.SecretKeyError: 500,
    errors.InternalError: 500,
}


def detail_of(error: FreinError) -> str:
    """The French sentence of an error."""
    fields: dict[str, Any] = dict(vars(error))
    if isinstance(error, errors.ReservedForPeopleError):
        fields["what"] = RESERVED[error.what].format(
            name=_in_french(error.what, error.name)
        )
        waits = (
            WAITS_FOR_MANAGER if isinstance(error, errors.AboveLimitError) else WAITS
        )
        fields["waits"] = waits if error.proposal_id else ""
    if isinstance(error, errors.LeadIdAmbiguousError):
        other = error.other
        fields["other"] = OTHER_LEAD if other is None else f"«\u00a0{other}\u00a0»"
    if isinstance(error, errors.ProposalDecidedError):
        fields["status"] = FATE.get(error.status, error.status)
    if isinstance(error, errors.LeadRemovedError):
        fields["what"] = removed(error.removal, error.survivor)
    if isinstance(error, errors.SuspendedAlreadyError):
        fields["until"] = until(error.until) if error.until else UNTIL_ENDED
    if isinstance(error, errors.ChangedMeanwhileError):
        fields["what"] = CHANGED[error.what].format(
            now=_in_french(error.what, error.now)
        )
    if "why" in fields:
        known = WHY.get(fields["why"], ANY_OTHER_WHY)
        fields["why"] = (ONE_OF if fields.get("allowed") else known).format(**fields)
    return SENTENCE[type(error)].format(**fields)


def _in_french(what: errors.Reserved, name: str) -> str:
    if what is errors.Reserved.CONCESSION:
        return name.replace(".", ",")
    return PRIORITY.get(name, name)


def problem(error: FreinError) -> dict[str, JsonValue]:
    """The body of the answer."""
    status = STATUS[type(error)]
    body: dict[str, JsonValue] = {
        "type": f"urn:frein:problem:{error.code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": error.code,
        "detail": detail_of(error),
    }
    for name in ("field", "proposal_id", "task_id"):
        if hasattr(error, name):
            value = getattr(error, name)
            body[name] = None if value is None else str(value)
    return body


def problem_response(error: FreinError) -> Response:
    status = STATUS[type(error)]
    headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="frein"'
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = "5"
    if isinstance(error, errors.ContentEncodingError):
        headers["Accept-Encoding"] = "identity"  # RFC 9110, 15.5.16
    if isinstance(error, errors.TooManyCallsError):
        headers["Retry-After"] = str(error.retry_after)
    return Response(
        orjson.dumps(problem(error)),
        status_code=status,
        media_type=PROBLEM_JSON,
        headers=headers,
    )
