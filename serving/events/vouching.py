"""Vouching: who did something in the CRM, by the word of a key that may say so."""

import logging
from collections.abc import Mapping

from governance.people.assurance import Vouched
from governance.people.crm_users import CrmUsers, normalised, people_by_name
from serving.database.engine import Store
from serving.repositories.api_keys import ApiKey, Scope
from serving.repositories.persons import all_people

log = logging.getLogger(__name__)


class CrmPeople:
    """The people whom a key may name, looked up once a call, if it names any."""

    def __init__(self, store: Store, declared: CrmUsers) -> None:
        self._store, self._declared = store, declared
        self._by_name: Mapping[str, str] | None = None

    def vouched(self, name: str, key: ApiKey) -> Vouched | None:
        """The person whom the key names; None: it names nobody known here.

        Raises ScopeMissingError if the key may not vouch for people.
        """
        key.need(Scope.VOUCH)
        who = self._people.get(normalised(name))
        if who is None:
            log.warning("doer_unknown", extra={"key": key.id})
            return None
        return Vouched(who=who, key=key.name, key_id=key.id)

    @property
    def _people(self) -> Mapping[str, str]:
        if self._by_name is None:
            with self._store.reading() as session:
                people = all_people(session)
            accounts = [(p.login, p.name) for p in people if p.disabled_at is None]
            self._by_name = people_by_name(self._declared, accounts)
        return self._by_name
