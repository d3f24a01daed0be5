"""A write that tells whether the store still takes any: readiness asks for it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import delete, insert

from features.errors import FreinError
from serving.database.engine import Store
from serving.database.tables import CallRow

EVERY = timedelta(seconds=5)  # anybody may ask, so most are told what the last one was
_WEIGHT = 16 * 1024  # bytes: about what a batch of events takes


@dataclass(slots=True)
class WriteCheck:
    tried_at: datetime | None = None
    failure: FreinError | None = None

    def make(self, store: Store, now: datetime) -> None:
        """Write something and take it away again, at most each few seconds.

        Raises what writing raises: StoreFullError, StoreReadOnlyError, StoreBusyError.
        """
        if self.tried_at is None or not timedelta(0) <= now - self.tried_at < EVERY:
            self.tried_at, self.failure = now, None
            try:
                _write(store, now)
            except FreinError as error:
                self.failure = error
        if self.failure is not None:
            raise self.failure


def _write(store: Store, now: datetime) -> None:
    row = {"caller": "readiness", "key": uuid4().hex}
    with store.writing() as session:
        content = {"fingerprint": "", "begun_at": now, "body": "0" * _WEIGHT}
        session.execute(insert(CallRow).values(**row, **content))
        session.execute(delete(CallRow).filter_by(**row))
