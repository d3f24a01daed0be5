"""Which selectors mean an event, and what is read of it."""

import math
from typing import Any

import numpy as np
import pytest

from features.catalogue import Catalogue
from features.compiled_catalogue import program_of
from features.event import Actor, events_frame
from features.featurise import moments_frame
from features.matching import as_number, of_kind
from features.selector import Selector
from features.snapshot import snapshot
from tests.factories import NOW, make_catalogue, make_event


def means(
    catalogue: Catalogue, kind: str, actor: Actor, **fields: Any
) -> set[Selector]:
    """The selectors of a catalogue that mean an event."""
    one = of_kind(catalogue, kind)
    selectors = program_of(catalogue).selectors
    return {selectors[i] for i in one.selectors(actor.value, one.texts(fields))}


def is_meant(selector: str, value: Any) -> bool:
    """Does a `where` on `page` mean a visit with this page?"""
    catalogue = make_catalogue(tried=f"count = {selector}")
    found = means(catalogue, "page_viewed", Actor.LEAD, page=value)
    (tried,) = (one for one in program_of(catalogue).selectors if one.where)
    return tried in found


@pytest.mark.parametrize(
    ("wanted", "value", "told"),
    [
        pytest.param('"tarifs"', "tarifs", True, id="text"),
        pytest.param('"tarifs"', "Tarifs", False, id="another case"),
        pytest.param('["prix", "tarifs"]', "tarifs", True, id="one of several"),
        pytest.param('"tarifs"', None, False, id="unknown"),
        pytest.param('"null"', None, False, id="unknown is no text"),
        pytest.param('"tarifs"', ["blog", "tarifs"], True, id="a list with it"),
        pytest.param('"tarifs"', '["blog", "tarifs"]', True, id="a list as text"),
        pytest.param('"tarifs"', ["blog"], False, id="a list without it"),
        pytest.param('"tarifs"', [["tarifs"]], False, id="a list of lists"),
        pytest.param('"tarifs"', ["tarifs", {"a": 1}], False, id="a list of objects"),
        pytest.param('"tarifs"', "[tarifs", False, id="no list after all"),
        pytest.param("5", 5.0, True, id="a number, written otherwise"),
        pytest.param("5", "5", True, id="a number as text"),
        pytest.param("5", "+0.5e1", True, id="as computers write it"),
        pytest.param("5", " 5", False, id="a text that is none"),
        pytest.param("5", ["5"], False, id="in a list only as it is written"),
        pytest.param("5", [5], True, id="in a list, as it is written"),
        pytest.param('"5"', 5, True, id="a text, and the number that reads so"),
        pytest.param("true", True, True, id="true"),
        pytest.param("true", 1, False, id="true is not 1"),
        pytest.param('"*"', "x", True, id="any"),
        pytest.param('"*"', 0, True, id="any: 0 is there"),
        pytest.param('"*"', "", False, id="any: an empty text isn't"),
        pytest.param('"*"', [], False, id="any: nor an empty list"),
        pytest.param('"*"', None, False, id="any: nor what is unknown"),
    ],
)
def test_a_field_holds_what_is_wanted_or_not(
    wanted: str, value: Any, told: bool
) -> None:
    where = f'{{ kind = "page_viewed", where = {{ page = {wanted} }} }}'
    assert is_meant(where, value) is told


def test_kind_actor_and_every_field_have_to_match() -> None:
    catalogue = make_catalogue(
        top='kinds = ["email_sent"]',
        all="count = {}",
        visits='count = { kind = "page_viewed" }',
        hers='count = { actor = "person" }',
        both='count = { where = { page = "tarifs", channel = "web" } }',
        kind='count = { where = { "@kind" = "email_sent" } }',
    )
    named = {signal.name: signal.selectors[0] for signal in catalogue.signals}

    def names(kind: str, actor: Actor, **fields: Any) -> set[str]:
        found = means(catalogue, kind, actor, **fields)
        return {name for name, selector in named.items() if selector in found}

    assert names("page_viewed", Actor.LEAD) == {"all", "visits"}
    assert names("email_sent", Actor.PERSON) == {"all", "hers", "kind"}
    assert names("email_sent", Actor.LEAD, page="tarifs") == {"all", "kind"}
    assert names("page_viewed", Actor.LEAD, page="tarifs", channel="web") == {
        "all",
        "visits",
        "both",
    }


def test_only_what_some_selector_asks_of_a_kind_is_looked_at() -> None:
    catalogue = make_catalogue(
        visits='count = { kind = "page_viewed", where = { page = "tarifs" } }',
        mails='count = { kind = "email_sent", where = { to = "x", from = "y" } }',
        total='sum = { kind = "email_sent", field = "amount" }',
    )
    visit, mail = of_kind(catalogue, "page_viewed"), of_kind(catalogue, "email_sent")
    assert (visit.fields, visit.n_asked, visit.values) == (("page",), 1, ())
    assert (mail.fields, mail.n_asked) == (("from", "to", "amount"), 2)
    assert [mail.fields[field] for _, field, _ in mail.values] == ["amount"]


@pytest.mark.parametrize(
    ("value", "text", "number"),
    [
        pytest.param(None, None, None, id="unknown"),
        pytest.param("", "", None, id="an empty text"),
        pytest.param("12,5", "12,5", None, id="a French number"),
        pytest.param(" 7", " 7", None, id="a blank"),
        pytest.param("1_0", "1_0", None, id="as Python writes it"),
        pytest.param("٣", "٣", None, id="digits of elsewhere"),
        pytest.param("nan", "nan", None, id="nan"),
        pytest.param("inf", "inf", None, id="inf"),
        pytest.param("1e999", "1e999", None, id="past what is finite"),
        pytest.param("-1.5e1", "-1.5e1", -15.0, id="a number as text"),
        pytest.param(".5", ".5", 0.5, id="without a leading zero"),
        pytest.param(5.0, "5.0", 5.0, id="a number"),
        pytest.param(True, "true", None, id="true"),
        pytest.param([1, "a"], '[1,"a"]', None, id="a list"),
        pytest.param({"b": 1}, '{"b":1}', None, id="an object"),
    ],
)
def test_a_field_is_read_as_text_or_as_a_finite_number(
    value: Any, text: str | None, number: float | None
) -> None:
    assert read("field", {"field": value}, is_text=True) == text
    assert read("field", {"field": value}, is_text=False) == number


def test_the_kind_is_read_as_a_field() -> None:
    content = {"@kind": "a field of that name"}
    assert read("@kind", content, is_text=True) == "page_viewed"


def read(field: str, content: dict[str, Any], *, is_text: bool) -> str | float | None:
    """What a catalogue that reads one field of a visit makes of it."""
    last = f'last = {{ kind = "page_viewed", field = "{field}"'
    catalogue = make_catalogue(
        tried=f'{last}, type = "category" }}' if is_text else f"{last} }}"
    )
    visit = make_event(data=content)
    seen = snapshot(events_frame([visit]), moments_frame([("L-1", NOW)]), catalogue)
    (found,) = seen.table[:, 0]
    if np.isnan(found):
        return None
    return seen.timelines.labels_of(0)[int(found)] if is_text else float(found)


def test_a_number_is_whole_or_it_is_none() -> None:
    assert as_number("12") == 12
    assert math.isnan(as_number("12\n"))
