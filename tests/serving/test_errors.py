"""Every error has a status and a French sentence; every problem, its own code."""

import inspect
import re
from uuid import uuid4

import pytest

import governance.errors  # noqa: F401 - its classes must exist to be counted
from features.errors import FreinError
from governance.policy.policy import Clause
from serving import errors
from serving.http.messages_fr import CLAUSE, RESERVED, SENTENCE, WHY
from serving.http.problems import STATUS, detail_of, problem


def below(kind: type[FreinError]) -> set[type[FreinError]]:
    direct = set(kind.__subclasses__())
    return direct.union(*(below(one) for one in direct))


ALL = sorted(below(FreinError), key=lambda kind: kind.code)


def test_every_error_is_in_both_tables() -> None:
    assert set(STATUS) == set(ALL)
    assert set(SENTENCE) == set(ALL)


def test_every_code_is_of_one_error() -> None:
    """But a person's own limit, which keeps from the same as what is reserved."""
    codes = [kind.code for kind in ALL if kind is not errors.AboveLimitError]
    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.code)
def test_every_error_can_be_told(kind: type[FreinError]) -> None:
    needed = list(inspect.signature(kind.__init__).parameters.values())[1:]
    is_plain = any(one.kind is one.VAR_POSITIONAL for one in needed)
    required = [one for one in needed if one.default is one.empty]
    error = kind() if is_plain else kind(*["x" for _ in required])

    told = problem(error)

    assert told["code"] == kind.code
    assert str(told["detail"]).endswith(".") or "(" in str(told["detail"])


def test_a_refusal_names_what_waits() -> None:
    proposal_id, task_id = uuid4(), uuid4()
    told = problem(errors.ReservedForPeopleError("perdu", proposal_id, task_id))
    assert (told["proposal_id"], told["task_id"]) == (str(proposal_id), str(task_id))


@pytest.mark.parametrize(
    "text", [*SENTENCE.values(), *WHY.values(), *CLAUSE.values(), *RESERVED.values()]
)
def test_french_spaces_do_not_break(text: str) -> None:
    assert not re.search(r" [:;?!»]|« ", text)
    assert not re.search(
        r"[^\u00a0:][:;?!»](?!//)", re.sub(r"Authorization:", "", text)
    )


def test_every_clause_has_words() -> None:
    assert set(CLAUSE) == set(Clause)


def test_the_reason_of_a_refused_field_is_told_in_french() -> None:
    error = errors.RequestInvalidError("to", "missing")
    assert detail_of(error) == (
        "Requête invalide, au champ «\u00a0to\u00a0»\u00a0: il manque."
    )
