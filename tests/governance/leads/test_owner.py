"""Owners: one name has one form, however a CRM writes its accents and blanks."""

import unicodedata

import pytest

from governance.leads.state import owner_told
from tests.factories import make_event

NAME = "Zoé Roy"


@pytest.mark.parametrize(
    "written",
    [unicodedata.normalize("NFD", NAME), "Zoé\u00a0Roy", "Zoé  Roy", f" {NAME}\t"],
)
def test_an_owner_has_one_form(written: str) -> None:
    event = make_event(kind="attributes_set", data={"owner": written})
    assert owner_told(event) == NAME
