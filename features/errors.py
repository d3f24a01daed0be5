"""Errors of the log and of the catalogue, and the root of all errors of Frein.

FreinError
├── LogError             an event log is absent, damaged or empty
├── EventError           one event is malformed; says which field
│   └── LeadIdError      what is written is no lead's id; says why
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


class LeadIdError(EventError):
    """What somebody wrote can't be a lead's id; `character`: the one that can't be in
    it, as Unicode calls it."""

    code = "lead_id_malformed"

    def __init__(self, why: str, *, character: str = "", field: str = "lead_id"):
        super().__init__(field, why)
        self.character = character

    def __str__(self) -> str:
        return f"not an id of a lead: {_NO_LEAD_ID[self.why].format(**vars(self))}"


_NO_LEAD_ID = {
    "string_too_short": "it is empty",
    "string_too_long": "it is longer than 200 characters",
    "lead_id_unseen": "it holds {character}, which can't be seen",
    "lead_id_dots": "'.' and '..' name nothing in an address",
}


class CatalogueError(FreinError):
    code = "catalogue_invalid"
