"""Pins of the packages that a service needs: the lock's, without those of developers.

`python3 pins.py oidc postgresql` prints them with their hashes, for pip; `--build`
prints those that build Frein itself. Needs Python alone.
"""

import re
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path

PROJECT = Path("pyproject.toml")
LOCK = Path("requirements.lock")
_OURS = "frein"


def name_of(requirement: str) -> str:
    """
    Examples
    --------
    >>> name_of("Fluent.runtime>=0.4"), name_of("psycopg[binary]==3.2 \\\\")
    ('fluent-runtime', 'psycopg')
    """
    wanted = re.match(r"[\w.-]+", requirement)
    assert wanted, requirement
    return re.sub(r"[-_.]+", "-", wanted[0]).lower()


def roots(pyproject: str, extras: Iterable[str]) -> set[str]:
    """The packages that Frein names, with those of some extras."""
    project = tomllib.loads(pyproject)["project"]
    optional = project["optional-dependencies"]
    named = [*project["dependencies"], *(each for e in extras for each in optional[e])]
    return {name_of(requirement) for requirement in named}


def pins(lock: str, wanted: set[str]) -> str:
    """The lock's lines of some packages, and of what they need."""
    entries = {name_of(entry): entry for entry in re.split(r"\n(?=\w)", lock.strip())}
    missing = wanted - entries.keys()
    assert not missing, f"not in the lock: {missing}"
    asked_by = {name: _asked_by(entry) for name, entry in entries.items()}
    reached: set[str] = set()
    more = set(wanted)
    while more:
        reached |= more
        more = {name for name, by in asked_by.items() if by & more} - reached
    return "".join(f"{entries[name]}\n" for name in sorted(reached))


def _asked_by(entry: str) -> set[str]:
    """The packages that need this one, as uv notes them under it."""
    notes = re.findall(r"^ +# +(?:via )?(?!via$)(\w\S*)", entry, re.MULTILINE)
    return {name_of(note) for note in notes} - {_OURS}


def main(arguments: list[str]) -> None:
    if arguments == ["--build"]:
        requires = tomllib.loads(PROJECT.read_text())["build-system"]["requires"]
        wanted = {name_of(requirement) for requirement in requires}
    else:
        wanted = roots(PROJECT.read_text(), arguments)
    sys.stdout.write(pins(LOCK.read_text(), wanted))


if __name__ == "__main__":
    main(sys.argv[1:])
