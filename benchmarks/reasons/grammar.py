"""Grammalecte, which judges French grammar and typography (Debian: grammalecte-cli)."""

import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.common.command_line import BenchmarkError

COMMAND = "grammalecte-cli"
# words that it can't know
NAMES = frozenset({"CRM", "CSV", "HubSpot", "LinkedIn", "Salesforce"})


def refuse_absent_judge() -> None:
    """Without Grammalecte nobody can judge the French."""
    if shutil.which(COMMAND) is None:
        raise BenchmarkError(
            f"{COMMAND} is not installed: apt-get install {COMMAND}, or --narratives 0"
        )


def faults_of(lines: Sequence[str]) -> dict[str, list[str]]:
    """What Grammalecte finds in each line at fault: grammar, spelling, typography."""
    with TemporaryDirectory() as folder:
        judged = Path(folder) / "judged.txt"
        judged.write_text("\n".join(lines), encoding="utf-8")
        answer = subprocess.run(
            [COMMAND, "-f", str(judged), "-j"],
            capture_output=True,
            text=True,
            check=True,
        )
    paragraphs = json.loads(answer.stdout)["data"]
    return {
        lines[paragraph["iParagraph"] - 1]: faults
        for paragraph in paragraphs
        if (faults := _faults(paragraph))
    }


def _faults(paragraph: dict[str, Any]) -> list[str]:
    words = (fault["sValue"] for fault in paragraph["lSpellingErrors"])
    return [
        *(fault["sMessage"] for fault in paragraph["lGrammarErrors"]),
        *(f"unknown word {word}" for word in words if word not in NAMES),
    ]
