"""Budgets of what is drawn: how many examples a run tries, by its profile.

`FREIN_TESTS=full` (`make acceptance`) tries all; the usual run and the quick one a
share of them, so that one runs them often.
"""

import os
from enum import StrEnum
from math import ceil


class Profile(StrEnum):
    QUICK = "quick"
    USUAL = "usual"
    FULL = "full"


PROFILE = Profile(os.environ.get("FREIN_TESTS", Profile.USUAL))
_SHARE = {Profile.QUICK: 0.1, Profile.USUAL: 0.4, Profile.FULL: 1.0}


def examples(full: int) -> int:
    """The examples to try, out of those of a full run."""
    return ceil(full * _SHARE[PROFILE])
