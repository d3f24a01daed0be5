"""Errors of a model's files and of its wording; the root is `features/errors.py`.

FreinError
├── ModelRejectedError   a model's files are not what was registered
└── WordingError         a message catalogue is incomplete or broken
"""

from features.errors import FreinError


class ModelRejectedError(FreinError):
    code = "model_rejected"


class WordingError(FreinError):
    code = "wording_broken"
