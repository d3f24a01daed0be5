"""Pins of the image: all that a service imports, and no tool of developers."""

import importlib.util
from importlib.metadata import requires
from pathlib import Path
from types import ModuleType

import pytest
from packaging.requirements import Requirement

import serving

DEPLOY = Path(serving.__file__).parent / "deploy"
PROJECT = DEPLOY.parents[1]
EXTRAS = ("oidc", "postgresql")


@pytest.fixture(scope="module")
def pins() -> ModuleType:
    """The script, which is of no package."""
    spec = importlib.util.spec_from_file_location("pins", DEPLOY / "pins.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def pinned(pins: ModuleType) -> set[str]:
    lock = (PROJECT / "requirements.lock").read_text(encoding="utf-8")
    roots = pins.roots((PROJECT / "pyproject.toml").read_text(), EXTRAS)
    text: str = pins.pins(lock, roots)
    lines = [line for line in text.splitlines() if "==" in line]
    assert "--hash=sha256:" in text
    return {pins.name_of(line) for line in lines}


def needed(
    distribution: str, extras: frozenset[str]
) -> set[tuple[str, frozenset[str]]]:
    """What an installed package asks for here, with the extras of each."""
    found = set()
    for text in requires(distribution) or []:
        wanted = Requirement(text)
        contexts = [{"extra": extra} for extra in (extras or frozenset({""}))]
        if not wanted.marker or any(map(wanted.marker.evaluate, contexts)):
            found.add((wanted.name, frozenset(wanted.extras)))
    return found


def test_all_that_is_needed_is_pinned(pins: ModuleType, pinned: set[str]) -> None:
    seen: set[tuple[str, frozenset[str]]] = set()
    more = {("frein", frozenset(EXTRAS))}
    while more:
        seen |= more
        more = {each for one in more for each in needed(*one)} - seen
    names = {pins.name_of(name) for name, _ in seen} - {"frein"}
    assert len(names) > 50
    assert names <= pinned


def test_developers_tools_are_not(pinned: set[str]) -> None:
    assert not pinned & {"pytest", "mypy", "ruff", "playwright", "hypothesis"}


def test_what_is_not_in_the_lock_is_told(pins: ModuleType) -> None:
    with pytest.raises(AssertionError, match="not in the lock"):
        pins.pins("a==1 \\\n    --hash=sha256:00\n    # via b\n", {"b"})


def test_what_another_needs_comes_along(pins: ModuleType) -> None:
    lock = """\
a==1
    # via frein (pyproject.toml)
b==2
    # via
    #   a
    #   z
c==3
    # via
    #   z
z==4
    # via frein (pyproject.toml)
"""
    assert pins.pins(lock, {"a"}).count("==") == 2
    assert "c==3" in pins.pins(lock, {"z"})
