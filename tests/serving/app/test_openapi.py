"""Every operation of the OpenAPI document, called as it says and as it doesn't."""

from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case
from schemathesis.config import SchemathesisConfig
from schemathesis.core.result import Ok
from starlette.testclient import TestClient

from governance.people.roles import Role
from serving.app.application import create_app
from serving.repositories.api_keys import Scope
from serving.runtime.service import Service
from tests.budgets import examples
from tests.serving.builders import make_event, make_key, make_person, send

# The document tells a value's shape; a time may still lie ahead, a source be another's.
JUDGED = {
    "checks": {
        "positive_data_acceptance": {
            "expected-statuses": ["2xx", 401, 403, 404, 409, 422]
        }
    }
}
CALLS = examples(5)  # of each operation

BOUNDED = settings(
    max_examples=CALLS,
    deadline=None,
    database=None,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)


def test_no_call_is_a_server_error(service: Service) -> None:
    app = create_app(service)
    _, key = make_key(service, scopes=frozenset(Scope))
    _, person = make_person(service, Role.ADMIN)
    send(TestClient(app), key, make_event())
    schema = schemathesis.openapi.from_asgi(
        "/openapi.json",
        app,
        headers=key,
        config=SchemathesisConfig.from_dict(JUDGED),
    )
    for found in schema.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()

        @BOUNDED
        @given(case=operation.as_strategy(), headers=st.sampled_from([key, person, {}]))
        def holds(case: Case[Any], headers: dict[str, str]) -> None:
            case.call_and_validate(headers=headers)

        holds()
