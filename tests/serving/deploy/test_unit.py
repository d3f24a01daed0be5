"""The systemd unit: well-formed, and hardened."""

import re
import subprocess
import sys
from pathlib import Path

import serving

UNIT = Path(serving.__file__).parent / "deploy" / "frein.service"
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
