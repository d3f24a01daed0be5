"""Reader of `docs/architecture.md`: the picture, the walks, the places it names."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "architecture.md"


def section(title: str) -> str:
    """The text under a heading of the page, up to the next heading."""
    text = PAGE.read_text(encoding="utf-8")
    match = re.search(
        rf"^##+ {re.escape(title)}\n(.*?)(?=^##|\Z)", text, re.MULTILINE | re.DOTALL
    )
    assert match, f"{PAGE.name} has no section {title!r}"
    return match[1]


def walk_of(title: str) -> list[str]:
    """The modules of a walk, in order: the first name of each step."""
    steps = re.findall(r"^\d+\. `([\w/]+)\.py`", section(title), re.MULTILINE)
    assert steps, f"{title!r} has no steps"
    return [step.replace("/", ".") for step in steps]


def arrows_of(title: str) -> set[tuple[str, str]]:
    """The arrows of the Mermaid picture, by the labels of their boxes."""
    text = section(title)
    labels = dict(re.findall(r"(\w+)\[([\w/]+)\]", text))
    return {
        (labels[tail], labels[head])
        for tail, heads in re.findall(
            r"^\s*(\w+)(?:\[[\w/]+\])? --> ([\w &/\[\]]+)$", text, re.MULTILINE
        )
        for head in re.findall(r"(\w+)(?:\[[\w/]+\])?", heads)
    }


def named_paths() -> set[str]:
    """Each file and folder of ours that the page names."""
    text = PAGE.read_text(encoding="utf-8")
    return set(re.findall(r"`((?:\w+/)+(?:\w+\.\w+)?|\w+\.py)`", text))
