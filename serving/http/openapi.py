"""The OpenAPI document: FastAPI's, with problems and the bodies of BodyReader."""

from collections.abc import Iterable, Iterator
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import TypeAdapter

from serving.http.problems import PROBLEM_JSON, Problem
from serving.http.request_body import BodyReader

_REF = "#/components/schemas/{model}"


def refuses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """`responses` for the problems that a route may answer; who calls may call too
    often."""
    statuses = (*statuses, 429) if 401 in statuses else statuses
    content = {PROBLEM_JSON: {"schema": {"$ref": _REF.format(model=Problem.__name__)}}}
    return {
        status: {"description": "Problem", "content": content}
        for status in sorted(set(statuses))
    }


def documents(app: FastAPI, routers: Iterable[APIRouter]) -> None:
    """Give the app an OpenAPI document that knows the bodies of its routers."""

    def openapi() -> dict[str, Any]:
        if not app.openapi_schema:
            document = get_openapi(
                title=app.title,
                version=app.version,
                description=app.description,
                routes=app.routes,
            )
            _add_bodies(document, routers)
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way


def _add_bodies(document: dict[str, Any], routers: Iterable[APIRouter]) -> None:
    types = {
        (route.path_format, method.lower(), media_type): TypeAdapter(body)
        for router in routers
        for route in router.routes
        if isinstance(route, APIRoute)
        for reader in _body_readers(route.dependant)
        for method in route.methods or ()
        for media_type, body in reader.types.items()
    }
    schemas, definitions = TypeAdapter.json_schemas(
        [
            *((place, "validation", body) for place, body in types.items()),
            (PROBLEM_JSON, "validation", TypeAdapter(Problem)),
        ],
        ref_template=_REF,
    )
    for path, method, media_type in types:
        operation = document["paths"][path][method]
        body = operation.setdefault("requestBody", {"required": True, "content": {}})
        schema = schemas[(path, method, media_type), "validation"]
        body["content"][media_type] = {"schema": schema}
    components = document["components"].setdefault("schemas", {})
    components.update(definitions["$defs"])


def _body_readers(dependant: Dependant) -> Iterator[BodyReader]:
    if isinstance(dependant.call, BodyReader):
        yield dependant.call
    for inner in dependant.dependencies:
        yield from _body_readers(inner)
