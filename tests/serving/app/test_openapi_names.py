"""Names in the OpenAPI document: clients generate code from them.

A route gives its `name`; FastAPI makes the id and the summary of the operation of it,
so that its function may be renamed. A schema bears the name of its class; where two
classes share a name, pydantic puts their modules before it.
"""

import json
from collections.abc import Mapping
from difflib import unified_diff
from pathlib import Path
from typing import Any

import pytest

from serving.app.application import create_app
from serving.database.engine import Store
from serving.runtime.service import Service

NAMES = Path(__file__).with_name("openapi_names.json")


@pytest.fixture
def store(sqlite_store: Store) -> Store:
    """One kind of database is enough: the document depends on none."""
    return sqlite_store


def test_names_that_clients_know_stay(service: Service) -> None:
    names = json.dumps(
        names_of(create_app(service).openapi()), indent=2, sort_keys=True
    )
    kept = NAMES.read_text(encoding="utf-8")
    changes = unified_diff(
        kept.splitlines(), names.splitlines(), NAMES.name, "document", n=0, lineterm=""
    )
    changed = "\n".join(changes)
    assert not changed, changed


def names_of(document: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "operations": {
            f"{method.upper()} {path}": operation["operationId"]
            for path, operations in document["paths"].items()
            for method, operation in operations.items()
        },
        "components": {
            kind: sorted(components)
            for kind, components in document["components"].items()
        },
    }
