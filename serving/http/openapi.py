"""The OpenAPI document: bodies that routes read by themselves, and every problem."""

from collections.abc import Iterable, Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from serving.http.problems import PROBLEM_JSON, Problem

_REF = "#/components/schemas/{model}"


def takes(
    shapes: Mapping[str, type[BaseModel]], batch: Mapping[str, type[BaseModel]] = {}
) -> dict[str, Any]:
    """`openapi_extra` for a body: a shape by media type, or a list of it."""
    one = {media: {"schema": _ref(shape)} for media, shape in shapes.items()}
    many = {
        media: {"schema": {"type": "array", "items": _ref(shape)}}
        for media, shape in batch.items()
    }
    return {"requestBody": {"required": True, "content": one | many}}


def refuses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """`responses` for the problems that a route may answer."""
    content = {PROBLEM_JSON: {"schema": _ref(Problem)}}
    return {
        status: {"description": "Problem", "content": content} for status in statuses
    }


def documents(app: FastAPI, bodies: Iterable[type[BaseModel]]) -> None:
    """Give the app an OpenAPI document that knows the shapes of its bodies."""

    def openapi() -> dict[str, Any]:
        if not app.openapi_schema:
            document = get_openapi(
                title=app.title,
                version=app.version,
                description=app.description,
                routes=app.routes,
            )
            document["components"].setdefault("schemas", {}).update(_shapes(bodies))
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way


def _shapes(bodies: Iterable[type[BaseModel]]) -> dict[str, Any]:
    models: list[type[BaseModel]] = [*bodies, Problem]
    _, schema = models_json_schema(
        [(model, "validation") for model in models], ref_template=_REF
    )
    shapes: dict[str, Any] = schema["$defs"]
    return shapes


def _ref(shape: type[BaseModel]) -> dict[str, str]:
    return {"$ref": _REF.format(model=shape.__name__)}
