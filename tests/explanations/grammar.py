"""Grammalecte, the judge of French grammar and typography (Debian: grammalecte-cli)."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

COMMAND = "grammalecte-cli"


def grammar_faults(texts: Iterable[str], folder: Path) -> list[str]:
    """What Grammalecte finds in the texts; the test skips where it isn't installed.

    On CI (`CI=true`) it must be there: a judge who stays away finds no fault.
    """
    if shutil.which(COMMAND) is None:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{COMMAND} is not installed: apt-get install {COMMAND}")
        pytest.skip(f"{COMMAND} is not installed: French grammar is not judged")
    lines = [line for text in texts for line in text.split("\n")]
    judged = folder / "judged.txt"
    judged.write_text("\n".join(lines), encoding="utf-8")
    answer = subprocess.run(
        [COMMAND, "-f", str(judged), "-j"], capture_output=True, text=True, check=True
    )
    return [
        f"{lines[paragraph['iParagraph'] - 1]!r}: {told}"
        for paragraph in json.loads(answer.stdout)["data"]
        for told in _faults(paragraph)
    ]


def _faults(paragraph: dict[str, list[dict[str, str]]]) -> list[str]:
    return [
        *(fault["sMessage"] for fault in paragraph["lGrammarErrors"]),
        *(f"unknown word {fault['sValue']}" for fault in paragraph["lSpellingErrors"]),
    ]
