"""FastAPI dependencies: the parts of the service that a route works with.

A route asks for the store, the moment, the pipeline; only a use case that needs most of
the service is given the whole.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, cast

from fastapi import Depends, Request
from pydantic import BaseModel

from governance.people.feedback import Judgement
from governance.policy.pipeline import Pipeline
from governance.rules.ruleset import Rules
from serving.database.engine import Store
from serving.http.request_body import JSON, Body, BodyReader, validated
from serving.runtime.audit_status import AuditStatus
from serving.runtime.call_limits import CallLimits, SlowCalls, subscriber
from serving.runtime.metrics import Metrics
from serving.runtime.served_model import Models
from serving.runtime.service import IdentityProvider, Service
from serving.runtime.settings import Settings


def service_of(request: Request) -> Service:
    return cast(Service, request.app.state.service)


def _part(read: Callable[[Service], Any]) -> Any:
    async def dependency(request: Request) -> Any:  # async: it takes no thread
        return read(service_of(request))

    return Depends(dependency)


TheService = Annotated[Service, _part(lambda service: service)]
TheStore = Annotated[Store, _part(lambda service: service.store)]
TheNow = Annotated[datetime, _part(lambda service: service.clock())]
ThePipeline = Annotated[Pipeline, _part(lambda service: service.pipeline)]
TheRules = Annotated[Rules, _part(lambda service: service.rules)]
TheJudgement = Annotated[Judgement, _part(lambda service: service.judgement)]
TheModels = Annotated[Models, _part(lambda service: service.models)]
TheAuditStatus = Annotated[AuditStatus, _part(lambda service: service.audit_status)]
TheMetrics = Annotated[Metrics, _part(lambda service: service.metrics)]
TheLimits = Annotated[CallLimits, _part(lambda service: service.limits)]
TheSignIns = Annotated[SlowCalls, _part(lambda service: service.sign_ins)]
TheSettings = Annotated[Settings, _part(lambda service: service.settings)]
TheProvider = Annotated[
    IdentityProvider | None, _part(lambda service: service.provider)
]


async def address_of_caller(request: Request) -> str:
    """From where a call comes, as limits count it."""
    return subscriber(request.client.host if request.client else "")


TheAddress = Annotated[str, Depends(address_of_caller)]


def json_body(schema: type[BaseModel]) -> Any:
    """A dependency: the JSON body of a call, of that schema."""
    read = BodyReader(
        lambda request: service_of(request).settings.max_body_bytes, {JSON: schema}
    )

    async def dependency(body: Annotated[Body, Depends(read)]) -> BaseModel:
        return validated(schema, body.parsed())

    return Depends(dependency)
