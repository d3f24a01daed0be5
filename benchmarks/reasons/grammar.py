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
NAMES = frozenset(
    {"CRM", "CSV", "HubSpot", "LinkedIn", "Salesforce"}
)  # words that it can't know


class JudgeAbsentError(BenchmarkError):
    """Grammalecte is not installed: nobody can judge the French."""


def refuse_absent_judge() -> None:
    if shutil.which(COMMAND) is None:
        raise JudgeAbsentError(
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
        lines[paragraph["iParagraph"] - 1]: found
        for paragraph in paragraphs
        if (found := _faults(paragraph))
    }


def _faults(paragraph: dict[str, Any]) -> list[str]:
    words = (one["sValue"] for one in paragraph["lSpellingErrors"])
    return [
        *(fault["sMessage"] for fault in paragraph["lGrammarErrors"]),
        *(f"unknown word {word}" for word in words if word not in NAMES),
    ]
