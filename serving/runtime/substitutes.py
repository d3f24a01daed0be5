"""Who answers for the leads of people who left: their team's manager."""

from collections.abc import Mapping

from serving.database.engine import Store
from serving.repositories.persons import disabled_names, managers_of


class Substitutes:
    """Read when the service opens and by each tick, so that no call has to.

    `by_name` has whoever is disabled; "" where their team has no manager.
    """

    def __init__(self) -> None:
        self.by_name: Mapping[str, str] = {}

    def read(self, store: Store) -> None:
        with store.reading() as session:
            gone = disabled_names(session)
            managers = managers_of(session, gone)
        self.by_name = {name: managers.get(name, "") for name in gone}
