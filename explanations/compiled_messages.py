"""Messages compiled to functions of their arguments.

Fluent's resolver takes tens of microseconds a message, whether it is one phrase or
ten; a test holds these to it. What refers to a term is left to the resolver.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from operator import itemgetter
from typing import Any, TypeVar

from babel import Locale
from fluent.runtime.types import fluent_number
from fluent.syntax import ast

from explanations.language import Argument, Text

Arguments = Mapping[str, Argument]
Compiled = Callable[[Arguments], str]
Part = Callable[[Arguments], Any]  # a text or a number
Value = TypeVar("Value")


class MessageCompiler:
    """Compiles patterns; `text` tells the messages that they refer to."""

    def __init__(
        self, locale: Locale, text: Text, functions: Mapping[str, Callable[..., Any]]
    ) -> None:
        self._text = text
        self._functions = functions
        self._shown = lru_cache(maxsize=4096)(partial(_shown, locale))
        self._plural = lru_cache(maxsize=4096)(locale.plural_form)

    def compiled(self, pattern: ast.Pattern) -> Compiled | None:
        """What tells the message given its arguments; None if it names a term."""
        parts = _all([self._part(element) for element in pattern.elements])
        return None if parts is None else partial(self._joined, parts)

    def _joined(self, parts: list[Part], arguments: Arguments) -> str:
        values = [part(arguments) for part in parts]
        return "".join([v if isinstance(v, str) else self._shown(v) for v in values])

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
            case ast.SelectExpression():
                part = self._choice(node)
            case _:
                part = None
        return part

    def _call(self, node: ast.FunctionReference) -> Part | None:
        function = self._functions.get(node.id.name)
        positional = _all([self._part(value) for value in node.arguments.positional])
        if function is None or positional is None:
            return None
        named = {
            argument.name.name: argument.value.parse()["value"]
            for argument in node.arguments.named
        }
        return lambda arguments: function(
            *[part(arguments) for part in positional], **named
        )

    def _choice(self, node: ast.SelectExpression) -> Part | None:
        selector = self._part(node.selector)
        texts = _all([self.compiled(variant.value) for variant in node.variants])
        if selector is None or texts is None:
            return None
        keys = [_key(variant) for variant in node.variants]
        default = next(i for i, variant in enumerate(node.variants) if variant.default)

        def chosen(arguments: Arguments) -> str:
            value = selector(arguments)
            also = value if isinstance(value, str) else self._plural(value)
            met = (i for i, key in enumerate(keys) if key in (value, also))
            return texts[next(met, default)](arguments)

        return chosen


def key_of(node: ast.MessageReference | ast.TermReference) -> str:
    """`name`, or `name.attribute`."""
    attribute = f".{node.attribute.name}" if node.attribute else ""
    return f"{node.id.name}{attribute}"


def _key(variant: ast.Variant) -> str | float:
    key = variant.key
    return key.name if isinstance(key, ast.Identifier) else key.parse()["value"]


def _all(several: list[Value | None]) -> list[Value] | None:
    present = [value for value in several if value is not None]
    return present if len(present) == len(several) else None


def _literal(value: str | float) -> Part:
    return lambda _: value


def _shown(locale: Locale, number: float) -> str:
    return str(fluent_number(number).format(locale))
