"""The systemd unit: well-formed, and hardened."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import serving
from serving.app.http_protocol import server_options
from serving.runtime.settings import Settings

DEPLOY = Path(serving.__file__).parent / "deploy"
UNIT, ENVIRONMENT = DEPLOY / "frein.service", DEPLOY / "frein.env"
# Of `systemd-analyze security`, in tenths: 0 is closed, 100 is open.
MOST_EXPOSED = 30


def analyzed(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", *arguments], capture_output=True, text=True, check=False
    )


def test_the_unit_is_hardened() -> None:
    threshold = f"--threshold={MOST_EXPOSED}"
    answer = analyzed("security", "--offline=yes", threshold, str(UNIT))
    assert answer.returncode == 0, answer.stdout[-300:] + answer.stderr


def test_systemd_understands_the_unit(tmp_path: Path) -> None:
    """With a program that is here in the place of the installed one."""
    unit = tmp_path / UNIT.name
    text = UNIT.read_text(encoding="utf-8")
    unit.write_text(re.sub(r"/opt/frein\S+/frein", sys.executable, text))
    answer = analyzed("verify", "--man=no", str(unit))
    assert (answer.returncode, answer.stderr) == (0, "")


def test_the_example_of_its_environment_has_settings_that_are_ours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lines = ENVIRONMENT.read_text(encoding="utf-8").splitlines()
    given = dict(line.split("=", 1) for line in lines if line and line[0] != "#")
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    settings = Settings()
    ours = {name.removeprefix("FREIN_").lower() for name in given if "FREIN" in name}
    assert ours == settings.model_fields_set
    assert "frein.example.fr" in settings.hosts
    assert server_options(settings)["forwarded_allow_ips"] == ["127.0.0.1"]
    assert "EnvironmentFile=/etc/frein/frein.env" in UNIT.read_text(encoding="utf-8")
