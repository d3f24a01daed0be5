"""`docs/retraining.md`, each of its commands in order, on a small log."""

import re
import runpy
import shlex
from itertools import groupby
from pathlib import Path
from shutil import copyfile

import pytest
from typer.testing import CliRunner

import frein
from tests.made_once import empty_registry
from training.registry.registry import current_champion

PROJECT = Path(frein.__file__).parent
REFUSED = 1  # by the gate
WITH_MLFLOW = "mlflow run"  # tests/training/cli/test_mlproject.py runs it


def blocks() -> list[tuple[str, str]]:
    """The document's code, (language, text)."""
    text = (PROJECT / "docs" / "retraining.md").read_text(encoding="utf-8")
    return re.findall(r"^```(\w+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


@pytest.fixture
def folder(
    little_log: Path,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """Where the commands are given: a log, the catalogue, and a store of its own."""
    (tmp_path / "features").mkdir()
    copyfile(
        PROJECT / "features" / "catalogue.toml", tmp_path / "features/catalogue.toml"
    )
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "ours").symlink_to(little_log)
    monkeypatch.chdir(tmp_path)
    store = copyfile(empty_registry(tmp_path_factory), tmp_path / "mlflow.db")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{store}")
    return tmp_path


def test_each_command_of_the_tutorial_does_what_it_says(folder: Path) -> None:
    codes: dict[str, int] = {}
    champions: list[str] = []
    for language, text in blocks():
        if language == "toml":
            (name,) = re.findall(r"^# .*?([\w-]+\.toml)$", text, re.MULTILINE)
            with (folder / name).open("a", encoding="utf-8") as file:
                file.write(f"\n{text}")
            continue
        if language == "python":
            (folder / "notebook.py").write_text(text, encoding="utf-8")
            seen = runpy.run_path("notebook.py")
            said = seen["champion"].says(seen["signals"])
            assert seen["scores"] == pytest.approx(said)
            continue
        for line in text.splitlines():
            if not line.startswith(WITH_MLFLOW):
                codes[line] = _exit_code(line)
                champions.append(current_champion().version)
    assert [(shlex.split(line)[:3], code) for line, code in codes.items() if code] == [
        (["frein", "promote", "4"], REFUSED)
    ]
    assert [one for one, _ in groupby(champions)] == ["1", "2", "1"]


def _exit_code(line: str) -> int:
    program, *words = shlex.split(line)
    if program == "cp":
        copyfile(*words)
        return 0
    assert program == "frein"
    done = CliRunner().invoke(frein.app, words)
    assert done.exception is None or isinstance(done.exception, SystemExit), line
    return done.exit_code
