"""The people of the demo: one of each role, on the demo log's owners."""

from datetime import datetime

from governance.people.roles import Role
from serving.auth.accounts import NewAccount, open_account
from serving.database.engine import Store
from serving.repositories.persons import find_person

PASSWORD = "frein-demonstration"  # told to who runs the demo
_TEAM = "Nord"
PEOPLE = (
    ("camille", "Camille Moreau", Role.SALES, _TEAM),
    ("claire", "Claire Fontaine", Role.MANAGER, _TEAM),
    ("nora", "Nora Analyste", Role.ANALYST, None),
    ("admin", "Ada Administratrice", Role.ADMIN, None),
)
OWNERS = [name for _, name, role, _ in PEOPLE if role in {Role.SALES, Role.MANAGER}]


def open_accounts(store: Store, now: datetime) -> list[str]:
    """Open the accounts that are missing; the logins of all."""
    for login, name, role, team in PEOPLE:
        with store.reading() as session:
            is_there = find_person(session, login) is not None
        if not is_there:
            wish = NewAccount(
                login=login, name=name, role=role, team=team, password=PASSWORD
            )
            open_account(store, wish, now)
    return [login for login, *_ in PEOPLE]
