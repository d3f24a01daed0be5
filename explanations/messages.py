"""Messages in Project Fluent, refused whole if a part of them is broken.

It, `compiled_messages` and `message_calls` alone know Fluent. The functions that a
message may call are those of its `Language`. An unknown value is `UNKNOWN`, on which a
message may select.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from babel import Locale
from fluent.runtime import FluentBundle, FluentResource
from fluent.syntax import ast

from explanations.compiled_messages import MessageCompiler, key_of
from explanations.errors import WordingError
from explanations.language import Argument, Language
from explanations.message_calls import (
    Functions,
    call_problems,
    nodes_of,
    words_selected,
)

UNKNOWN = "inconnu"
MEMO_SIZE = 100_000  # texts of some 100 bytes: 10 MB


class Messages:
    """The messages of some files, by key: `name`, or `name.attribute`."""

    def __init__(self, sources: Iterable[tuple[str, str]], locale: Locale) -> None:
        """Take (origin, text) pairs; WordingError tells all that is broken in them."""
        self._locale = locale
        self.language = Language(locale, self.text)
        functions = self.language.functions
        self._bundle = FluentBundle(
            [str(locale)], functions=dict(functions), use_isolating=False
        )
        written: dict[str, _Written] = {}
        compiler = MessageCompiler(locale, self.text, functions)
        problems: list[str] = []
        for origin, text in sources:
            resource = FluentResource(text)
            problems += _junk(origin, text, resource)
            problems += _add(origin, resource, written)
            self._bundle.add_resource(resource)
        problems += _broken(written, functions)
        if problems:
            raise WordingError("; ".join(problems))
        self._origins = {key: message.origin for key, message in written.items()}
        reached = {key: _reached(key, written) for key in written}
        self._variables = {
            key: tuple(sorted(frozenset().union(*(each.variables for each in several))))
            for key, several in reached.items()
        }
        self._words = {
            key: {word for message in several for word in message.words}
            for key, several in reached.items()
        }
        self._compiled = {
            key: compiler.compiled(message.pattern) for key, message in written.items()
        }
        self._memo = lru_cache(maxsize=MEMO_SIZE)(self._formatted)

    def __contains__(self, key: str) -> bool:
        return key in self._origins

    def variables(self, key: str) -> tuple[str, ...]:
        """The arguments that a message needs, itself or through another."""
        return self._variables[key]

    def words(self, key: str) -> dict[str, set[str]]:
        """By argument, the words that the message selects, itself or through another.

        They stand beside numbers: plural forms, codes, `UNKNOWN`.
        """
        selected: dict[str, set[str]] = {}
        for argument, word in self._words[key]:
            selected.setdefault(argument, set()).add(word)
        return selected

    @property
    def plurals(self) -> frozenset[str]:
        """What the language calls its plural forms."""
        return frozenset(self._locale.plural_form.tags | {"other"})

    def text(self, key: str, arguments: Mapping[str, Argument]) -> str:
        """The message. Arguments that it does not need are ignored.

        Raises WordingError if an argument is absent, or can't be told by the message.
        """
        try:
            values = tuple([arguments[name] for name in self._variables[key]])
        except KeyError as error:
            raise WordingError(f"{key}: {error} is absent") from error
        return self._memo(key, values)

    def _formatted(self, key: str, values: tuple[Argument, ...]) -> str:
        arguments = dict(zip(self._variables[key], values, strict=True))
        compiled = self._compiled[key]
        if compiled is None:
            return self._resolved(key, arguments)
        try:
            return compiled(arguments)
        except (ArithmeticError, RecursionError, TypeError, ValueError) as error:
            raise WordingError(f"{self._origins[key]}: {key}: {error}") from error

    def _resolved(self, key: str, arguments: Mapping[str, Argument]) -> str:
        name, _, attribute = key.partition(".")
        message = self._bundle.get_message(name)
        pattern = message.attributes[attribute] if attribute else message.value
        assert pattern is not None
        text, errors = self._bundle.format_pattern(pattern, dict(arguments))
        if errors:
            raise WordingError(f"{self._origins[key]}: {key}: {errors[0]}")
        return str(text)


# --- Reading ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Written:
    """A message as written, and what it refers to."""

    origin: str
    pattern: ast.Pattern
    variables: frozenset[str]
    messages: frozenset[str]
    words: tuple[tuple[str, str], ...]


def _written(origin: str, pattern: ast.Pattern) -> _Written:
    variables, messages = set(), set()
    for node in nodes_of(pattern):
        match node:
            case ast.VariableReference():
                variables.add(node.id.name)
            case ast.MessageReference():
                messages.add(key_of(node))
            case ast.TermReference():
                messages.add("-" + key_of(node))
    return _Written(
        origin,
        pattern,
        frozenset(variables),
        frozenset(messages),
        tuple(words_selected(pattern)),
    )


def _junk(origin: str, text: str, resource: ast.Resource) -> Iterator[str]:
    for entry in resource.body:
        if isinstance(entry, ast.Junk):
            note = entry.annotations[0]
            line = text.count("\n", 0, note.span.start if note.span else 0) + 1
            name = (entry.content or "").partition("=")[0].strip()
            yield f"{origin}, line {line} ({name}): {note.message}"


def _add(
    origin: str, resource: ast.Resource, written: dict[str, _Written]
) -> Iterator[str]:
    for entry in resource.body:
        if not isinstance(entry, ast.Message | ast.Term):
            continue
        for key, pattern in _patterns(entry):
            if key in written:
                yield f"{origin}: {key} already stands in {written[key].origin}"
            written[key] = _written(origin, pattern)


def _patterns(entry: ast.Message | ast.Term) -> Iterator[tuple[str, ast.Pattern]]:
    name = ("-" if isinstance(entry, ast.Term) else "") + entry.id.name
    if entry.value is not None:
        yield name, entry.value
    for attribute in entry.attributes:
        yield f"{name}.{attribute.id.name}", attribute.value


def _broken(written: Mapping[str, _Written], functions: Functions) -> Iterator[str]:
    """References to what is nowhere, then calls that a function doesn't take."""
    for key, message in written.items():
        for unknown in sorted(message.messages - written.keys()):
            yield f"{message.origin}: {key} refers to {unknown}, which is nowhere"
    for key, message in written.items():
        for problem in call_problems(message.pattern, functions):
            yield f"{message.origin}: {key} {problem}"


def _reached(key: str, written: Mapping[str, _Written]) -> list[_Written]:
    """The message and all that it tells."""
    reached: dict[str, _Written] = {}
    to_see = [key]
    while to_see:
        name = to_see.pop()
        if name in reached or name.startswith("-"):
            continue  # a term takes its variables from its caller, as literals
        reached[name] = written[name]
        to_see += written[name].messages
    return [*reached.values()]
