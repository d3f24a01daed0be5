"""Grammalecte in tests: on CI it must be there, elsewhere its absence is told."""

import os
import shutil
from collections.abc import Iterable

import pytest

from benchmarks.reasons.grammar import COMMAND, faults_of


def grammar_faults(texts: Iterable[str]) -> list[str]:
    """What Grammalecte finds in the texts; the test skips where it isn't installed.

    On CI (`CI=true`) it must be there: a judge who stays away finds no fault.
    """
    if shutil.which(COMMAND) is None:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{COMMAND} is not installed: apt-get install {COMMAND}")
        pytest.skip(f"{COMMAND} is not installed: French grammar is not judged")
    found = faults_of([line for text in texts for line in text.split("\n")])
    return [f"{line!r}: {fault}" for line, faults in found.items() for fault in faults]
