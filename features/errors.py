"""Errors of the log and of the catalogue, and the root of all errors of Frein.

FreinError
├── LogError             an event log is absent, damaged or empty
├── EventError           one event is malformed; says which field
├── CatalogueError       a signal catalogue is malformed; says where
└── (each room adds its own: `data`, `explanations`, `training`, `governance` and
    `serving` have an `errors.py`)
"""

from typing import ClassVar


class FreinError(Exception):
    """Base of every error that a caller may handle. `code` is stable and public."""

    code: ClassVar[str]


class LogError(FreinError):
    code = "log_unreadable"


class EventError(FreinError):
    """One event is malformed."""

    code = "event_malformed"

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field}: {why}")
        self.field = field
        self.why = why


class CatalogueError(FreinError):
    code = "catalogue_invalid"
