"""CRM users: whom a key may name as the doer of something there.

They are the accounts here, by login and by name, and a list that the company declares.
"""

import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from governance.errors import CrmUsersError
from governance.toml_file import FromFile, read_toml


def one_form(name: str) -> str:
    """A name as it is kept: one form of its accents, and single spaces between words.

    >>> one_form(" Zoe\u0301\u00a0 Roy ")
    'Zoé Roy'
    """
    return " ".join(unicodedata.normalize("NFC", name).split())


def normalised(name: str) -> str:
    """A name without what people don't hear in it: case, the form of its accents, the
    kind and the number of its spaces.

    >>> normalised(" Awa\u00a0 DIALLO ")
    'awa diallo'
    """
    folded = unicodedata.normalize("NFC", name).casefold()
    return " ".join(unicodedata.normalize("NFC", folded).split())


def _not_blank(name: str) -> str:
    if not name.strip() or not name.isprintable():
        raise ValueError("a name is wanted")
    return name.strip()


Name = Annotated[str, Field(max_length=200), AfterValidator(_not_blank)]


class CrmUser(FromFile):
    """`name` is how the person is told here; `crm` are their names in the CRM."""

    name: Name
    crm: tuple[Name, ...] = ()


class CrmUsers(FromFile):
    """The declared list; it may be empty."""

    user: tuple[CrmUser, ...] = ()

    @model_validator(mode="after")
    def _is_clear(self) -> "CrmUsers":
        known: dict[str, str] = {}
        for user in self.user:
            for name in {normalised(each) for each in (user.name, *user.crm)}:
                if known.setdefault(name, user.name) != user.name:
                    raise ValueError(
                        f"user {user.name!r} has a name of another: {name}"
                    )
        return self


def read_crm_users(path: Path | None) -> CrmUsers:
    """The file, or nobody; raises CrmUsersError: file, line and what is wrong."""
    if path is None:
        return CrmUsers()
    return read_toml(path, CrmUsers, "user", CrmUsersError)


def people_by_name(
    declared: CrmUsers, accounts: Iterable[tuple[str, str]]
) -> Mapping[str, str]:
    """Each person's name here, by what they may be called, normalised.

    `accounts` are logins and names. What would name two people names nobody, unless the
    company declares whom it means.
    """
    called: dict[str, set[str]] = {}
    for login, name in accounts:
        for each in (login, name):
            called.setdefault(normalised(each), set()).add(name)
    known = {
        each: next(iter(names)) for each, names in called.items() if len(names) == 1
    }
    for user in declared.user:
        known |= {normalised(each): user.name for each in (user.name, *user.crm)}
    return known
