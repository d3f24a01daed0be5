"""The README's calls, as they stand there, against `frein serve`."""

import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from json import JSONDecoder
from pathlib import Path
from typing import Any

import pytest

from features.event import Actor
from serving.app.startup import open_service
from serving.auth.api_keys import NewApiKey, issue_key
from serving.demo.client import running_service
from serving.repositories.api_keys import USUAL_SCOPES, Scope
from serving.runtime.settings import Settings
from tests.end_to_end.conftest import Registered

PROJECT = Path(__file__).parents[2]
PASSWORD = "un long mot de passe"
SEEN = (  # what the trace is to say, in this order
    "normale → elevee · R-09",
    "nouveau → proposition",
    "negociation_finale · R-07",
    "decision_refused",
    "proposition → negociation_finale · Awa Diallo",
    "open → confirmed",
    "The audit is whole.",
)


@pytest.fixture
def said(
    registered: Registered, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> str:
    """What the commands print, one after another."""
    monkeypatch.setenv("FREIN_DATABASE_URL", f"sqlite:///{tmp_path / 'frein.db'}")
    monkeypatch.setenv("FREIN_AUDIT_FOLDER", str(tmp_path / "audit"))
    wish = NewApiKey(
        name="readme",
        source="crm",
        max_actor=Actor.PERSON,
        default_actor=Actor.LEAD,
        scopes=USUAL_SCOPES | {Scope.MOVES, Scope.STAGES},
        expires_at=None,
    )
    with open_service(Settings()) as service:
        key = issue_key(service.store, wish, datetime.now(UTC))
    commands = _commands()
    with running_service() as address:
        for written, here in (
            ("frein_…", key),
            ("http://127.0.0.1:8000", address),
            (".venv/bin/frein", f"{sys.executable} -m frein"),
        ):
            assert written in commands
            commands = commands.replace(written, here)
        return _typed(commands)


def _commands() -> str:
    """The README's calls, in one."""
    text = (PROJECT / "README.md").read_text(encoding="utf-8")
    (calls,) = re.findall(r"^## The calls$(.*?)^## ", text, re.MULTILINE | re.DOTALL)
    return "".join(re.findall(r"^```sh\n(.*?)^```$", calls, re.MULTILINE | re.DOTALL))


def _typed(commands: str) -> str:
    """What the commands print at a terminal, where each password asked for is typed."""
    master, terminal = pty.openpty()
    with subprocess.Popen(
        ["setsid", "--ctty", "bash", "-euc", commands],
        stdin=terminal,
        stdout=subprocess.PIPE,
        stderr=terminal,
        text=True,
        cwd=PROJECT,
        env=os.environ | {"COLUMNS": "200"},
    ) as run:
        os.close(terminal)
        with ThreadPoolExecutor() as aside:
            asked = aside.submit(_type_passwords, master)
            assert run.stdout is not None
            said = run.stdout.read()
            told = asked.result()
    assert run.returncode == 0, told
    return said


def _type_passwords(master: int) -> str:
    """Type the password wherever it is asked for; what the terminal shows."""
    shown = ""
    with os.fdopen(master, "r+b", buffering=0) as terminal, suppress(OSError):
        while some := terminal.read(1024):  # OSError: nobody is at the other end
            shown += some.decode()
            if shown.endswith(": "):
                terminal.write(f"{PASSWORD}\n".encode())
    return shown


def test_the_readme_s_calls_do_what_they_say(said: str) -> None:
    answers = [*_answers(said)]
    hot, proposed = (one for one in answers if "priority" in one)
    assert hot["priority"] == "elevee"
    assert hot["score"]["reasons"]
    (proposal,) = proposed["proposals"]
    (task,) = proposed["tasks"]
    assert (proposal["to_stage"], task["owner"]) == ("negociation_finale", "Awa Diallo")
    refused = [(one["status"], one["code"]) for one in answers if "code" in one]
    assert refused == [(409, "reserved_for_people"), (403, "person_required")]
    (made,) = (one for one in answers if "decision_id" in one)
    assert made["to_stage"] == "negociation_finale"
    places = [said.find(one) for one in SEEN]
    assert -1 not in places
    assert places == sorted(places)
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    assert _tree(said) == _tree(readme.partition("frein audit trace")[2])


def _tree(text: str) -> list[tuple[str, int | None, str]]:
    """A trace's lines: how deep each stands, its place among those of the audit, and
    what was done. Rows of a tick may come between any two."""
    lines = re.findall(r"^([│ ]*[├└])── (?:(\d+) )?(\w+)", text, re.MULTILINE)
    shown = sorted({int(number) for _, number, _ in lines if number})
    return [
        (depth, shown.index(int(number)) if number else None, done)
        for depth, number, done in lines
    ]


def _answers(said: str) -> Iterator[dict[str, Any]]:
    """The JSON objects among what is printed."""
    start = said.find("{")
    while start >= 0:
        answer, end = JSONDecoder().raw_decode(said, start)
        yield answer
        start = said.find("{", end)
