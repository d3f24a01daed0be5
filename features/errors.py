"""Errors of Frein; the tree is the documentation.

FreinError
├── LogError             an event log is absent, damaged or empty
├── EventError           one event is malformed; says which field
├── CatalogueError       a signal catalogue is malformed; says where
├── ImportFailedError    a source could not be imported
├── TrainingError        a log does not allow training
├── ModelUnavailableError   the registry did not yield a usable model
├── ModelRejectedError   a model's files are not what was registered
├── WordingError         a message catalogue is incomplete or broken
└── (serving adds its own: see serving/errors.py)
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


class ImportFailedError(FreinError):
    code = "import_failed"


class TrainingError(FreinError):
    code = "training_impossible"


class ModelUnavailableError(FreinError):
    code = "model_unavailable"


class ModelRejectedError(FreinError):
    code = "model_rejected"


class WordingError(FreinError):
    code = "wording_broken"
