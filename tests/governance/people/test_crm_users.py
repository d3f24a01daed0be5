"""Whom a key may name, and the file that declares them."""

from pathlib import Path

import pytest

from governance.errors import CrmUsersError
from governance.people.crm_users import (
    CrmUser,
    CrmUsers,
    people_by_name,
    read_crm_users,
)

DECLARED = """
[[user]]
name = "Zoé Roux"
crm = ["005xx01", "zoe@example.fr"]

[[user]]
name = "Jo Roy"
"""


def test_a_file_declares_people_by_their_names_in_the_crm(tmp_path: Path) -> None:
    file = tmp_path / "crm_users.toml"
    file.write_text(DECLARED, encoding="utf-8")
    known = people_by_name(read_crm_users(file), [("awa", "Awa Diallo")])
    assert known == {
        "zoé roux": "Zoé Roux",
        "005xx01": "Zoé Roux",
        "zoe@example.fr": "Zoé Roux",
        "jo roy": "Jo Roy",
        "awa": "Awa Diallo",
        "awa diallo": "Awa Diallo",
    }


def test_without_a_file_nobody_is_declared() -> None:
    assert read_crm_users(None) == CrmUsers()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (DECLARED.replace('"005xx01"', '""'), "line 4: user 'Zoé Roux', crm.0:"),
        (DECLARED + 'team = "Nord"', "line 8: user 'Jo Roy', team:"),
        (DECLARED + 'crm = ["ZOE@example.fr"]', "line 7: user 'Jo Roy'"),
        ("[[user]", "line 1"),
    ],
    ids=["blank", "unknown-key", "named-twice", "no-toml"],
)
def test_a_wrong_file_is_refused_with_its_name_and_line(
    tmp_path: Path, text: str, told: str
) -> None:
    file = tmp_path / "crm_users.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(CrmUsersError) as refused:
        read_crm_users(file)
    assert str(file) in str(refused.value)
    assert told in str(refused.value)


def test_a_name_of_two_people_names_nobody_unless_it_is_declared() -> None:
    accounts = [("jo", "Jo Roy"), ("awa", "Jo")]
    assert "jo" not in people_by_name(CrmUsers(), accounts)
    declared = CrmUsers(user=(CrmUser(name="Jo Roy", crm=("jo",)),))
    assert people_by_name(declared, accounts)["jo"] == "Jo Roy"
