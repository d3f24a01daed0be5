"""The console's French is judged: templates, scripts, and the words given to them."""

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

from serving.console.page import rendering as pages
from tests.explanations.grammar import grammar_faults

_WORDING = (
    "page/format_fr.py",
    "journal/lines.py",
    "lead/personal_data_fr.py",
    "lead/timeline.py",
    "page/figures_fr.py",
)
CONSOLE = Path(pages.__file__).parents[1]
# What a template puts in is judged where it comes from; here a name stands for it.
_PUT_IN = re.compile(r"{{.*?}}", re.DOTALL)
_FOREIGN = re.compile(r'<code>.*?</code>|<span lang="en">.*?</span>')
_LOGIC = re.compile(r"{%.*?%}|{#.*?#}", re.DOTALL)
_SPOKEN = ("aria-label",)


class _Texts(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.texts += [value for name, value in attrs if name in _SPOKEN and value]

    def handle_data(self, data: str) -> None:
        self.texts += data.split("\n")


def texts_of(template: str) -> list[str]:
    """What is read of a template: whole sentences, without what is put in."""
    parser = _Texts()
    parser.feed(_LOGIC.sub("\n", _FOREIGN.sub("Lyon", _PUT_IN.sub("Lyon", template))))
    return [text.strip() for text in parser.texts]


def strings_of(source: str) -> Iterator[str]:
    """The French strings of a module: those of two words or more, whole."""
    tree = ast.parse(source)
    not_read = {
        ast.get_docstring(node, clean=False)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            text = "".join(map(_part, node.values))
            not_read |= {_part(one) for one in node.values}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
        else:
            continue
        if text not in not_read and re.search(r"[A-Za-zÀ-ÿ]{2} [A-Za-zà-ÿ]", text):
            yield text


def _part(one: ast.expr) -> str:
    return str(one.value) if isinstance(one, ast.Constant) else "Lyon"


def is_sentence(text: str) -> bool:
    return bool(set(re.findall(r"[A-Za-zÀ-ÿ]{3,}", text)) - {"Lyon"})


def test_grammalecte_finds_nothing_in_the_interface() -> None:
    told = [
        text
        for path in sorted(CONSOLE.glob("templates/*.html"))
        for text in texts_of(path.read_text(encoding="utf-8"))
    ]
    for module in _WORDING:
        told += strings_of((CONSOLE / module).read_text(encoding="utf-8"))
    assert len(told) > 100
    faults = grammar_faults(sorted(set(filter(is_sentence, told))))
    assert not faults, "\n".join(faults)


def test_typography_is_french() -> None:
    for path in sorted(CONSOLE.glob("templates/*.html")):
        for text in texts_of(path.read_text(encoding="utf-8")):
            assert "'" not in text, f"{path.name}: {text}"
            assert not re.search(r"[^\u00a0\u202f][:;?!»]( |$)|«[^\u00a0]", text), (
                f"{path.name}: {text}"
            )
