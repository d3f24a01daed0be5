"""Messages without a choice: texts, arguments, messages and functions in a row.

Those that hold whole reasons are new with nearly every lead, and Fluent's resolver
takes ten times as long to say the same.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from operator import itemgetter
from typing import Any

from babel import Locale
from fluent.runtime.types import fluent_number
from fluent.syntax import ast

from explanations.language import Argument, Text

Part = Callable[[Mapping[str, Argument]], Any]
Plain = Callable[[Mapping[str, Argument]], str]


class PlainMessages:
    """Reads such messages; `text` tells the messages that they refer to."""

    def __init__(
        self, locale: Locale, text: Text, functions: Mapping[str, Callable[..., Any]]
    ) -> None:
        self._text = text
        self._functions = functions
        self._shown = lru_cache(maxsize=4096)(partial(_shown, locale))

    def read(self, pattern: ast.Pattern) -> Plain | None:
        """What tells the message given its arguments; None if it has a choice."""
        parts = [self._part(element) for element in pattern.elements]
        told = [part for part in parts if part is not None]
        return None if len(told) < len(parts) else partial(self._joined, told)

    def _joined(self, parts: list[Part], arguments: Mapping[str, Argument]) -> str:
        told = [part(arguments) for part in parts]
        return "".join([o if isinstance(o, str) else self._shown(o) for o in told])

    def _part(self, node: ast.SyntaxNode) -> Part | None:
        match node:
            case ast.Placeable():
                part = self._part(node.expression)
            case ast.TextElement():
                part = _literal(node.value)
            case ast.StringLiteral() | ast.NumberLiteral():
                part = _literal(node.parse()["value"])
            case ast.VariableReference():
                part = itemgetter(node.id.name)
            case ast.MessageReference():
                part = partial(self._text, key_of(node))
            case ast.FunctionReference():
                part = self._call(node)
            case _:
                part = None
        return part

    def _call(self, node: ast.FunctionReference) -> Part | None:
        function = self._functions.get(node.id.name)
        given = [self._part(one) for one in node.arguments.positional]
        parts = [part for part in given if part is not None]
        if function is None or len(parts) < len(given):
            return None
        named = {
            one.name.name: one.value.parse()["value"] for one in node.arguments.named
        }
        return lambda arguments: function(*[one(arguments) for one in parts], **named)


def key_of(node: ast.MessageReference | ast.TermReference) -> str:
    """`name`, or `name.attribute`."""
    attribute = f".{node.attribute.name}" if node.attribute else ""
    return f"{node.id.name}{attribute}"


def _literal(value: str | float) -> Part:
    return lambda _: value


def _shown(locale: Locale, number: float) -> str:
    return str(fluent_number(number).format(locale))
