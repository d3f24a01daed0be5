"""Who read what is held of a lead: noted, and kept as long as retention says."""

import logging
from datetime import datetime
from uuid import UUID

from features.errors import FreinError
from serving.database.engine import Store
from serving.repositories.persons import Person
from serving.repositories.privacy.accesses import Access, AccessKind, add_access

log = logging.getLogger(__name__)


def note_access(
    store: Store, lead_uuid: UUID, person: Person, what: AccessKind, now: datetime
) -> None:
    """Note that somebody read a lead. Where nothing can be written people read on, and
    the log says by whose account."""
    try:
        with store.writing() as session:
            access = Access(person=person.name, what=what, at=now)
            add_access(session, lead_uuid, access)
    except FreinError as error:
        fields = {"cause": error.code, "person": str(person.id), "what": what.value}
        log.error("access_not_noted", extra=fields)
