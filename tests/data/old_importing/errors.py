"""Errors of imports; the root is `features/errors.py`.

FreinError
└── ImportFailedError    a source could not be imported
"""

from features.errors import FreinError


class ImportFailedError(FreinError):
    code = "import_failed"
