"""Checks of the calls and selections in a message against its language's functions."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, get_args, get_origin, get_type_hints

from fluent.syntax import ast

Functions = Mapping[str, Callable[..., Any]]


def nodes_of(node: ast.BaseNode) -> Iterator[ast.BaseNode]:
    """The node and all that is in it."""
    yield node
    for value in vars(node).values():
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.BaseNode):
                yield from nodes_of(child)


def call_problems(pattern: ast.Pattern, functions: Functions) -> Iterator[str]:
    """What a function is called with that it doesn't take, or never answers."""
    for node in nodes_of(pattern):
        match node:
            case ast.FunctionReference():
                yield from _badly_called(node, functions)
            case ast.SelectExpression(selector=ast.FunctionReference()):
                yield from _never_answered(node, functions)


def words_selected(pattern: ast.Pattern) -> Iterator[tuple[str, str]]:
    """Each argument on which the pattern selects, itself or through one call, and
    each word that it selects."""
    for node in nodes_of(pattern):
        if isinstance(node, ast.SelectExpression):
            match node.selector:
                case (
                    ast.VariableReference(id=argument)
                    | ast.FunctionReference(
                        id=ast.Identifier(name="CODE"),
                        arguments=ast.CallArguments(
                            positional=[ast.VariableReference(id=argument)]
                        ),
                    )
                ):
                    yield from ((argument.name, word) for word in _words(node))


def _badly_called(node: ast.FunctionReference, functions: Functions) -> Iterator[str]:
    name = node.id.name
    if name not in functions:
        yield f"calls {name}, which is no function"
        return
    function = functions[name]
    named = {argument.name.name: argument.value for argument in node.arguments.named}
    try:
        bound = inspect.signature(function).bind(*node.arguments.positional, **named)
    except TypeError as error:
        yield f"calls {name} wrongly: {error}"
        return
    hints = get_type_hints(function)
    for parameter, value in bound.arguments.items():
        for literal in value if isinstance(value, tuple) else [value]:
            if not _is_taken(literal, hints[parameter]):
                wrong = literal.parse()["value"]
                yield f"gives {name} {wrong!r}, which is no {parameter}"


def _is_taken(node: ast.BaseNode, hint: object) -> bool:
    """Only a literal shows before it is told whether a function takes it."""
    if not isinstance(node, ast.StringLiteral | ast.NumberLiteral):
        return True
    taken = get_args(hint) or (hint,)
    if isinstance(node, ast.StringLiteral):
        return str in taken
    return float in taken or (int in taken and isinstance(node.parse()["value"], int))


def _never_answered(node: ast.SelectExpression, functions: Functions) -> Iterator[str]:
    assert isinstance(node.selector, ast.FunctionReference)
    name = node.selector.id.name
    if name not in functions:
        return
    hint = get_type_hints(functions[name])["return"]
    if name == "CODE":
        answers = {functions[name](word) for word in _words(node)}
    elif get_origin(hint) is Literal:
        answers = set(get_args(hint))
    else:  # a text, of which only what the message itself gives is known
        named = node.selector.arguments.named
        answers = {argument.value.parse()["value"] for argument in named}
    for word in _words(node):
        if word not in answers:
            yield f"selects {word}, which {name} never answers"


def _words(node: ast.SelectExpression) -> list[str]:
    """What it selects; the variant for all else may be called anything."""
    keys = [variant.key for variant in node.variants if not variant.default]
    return [key.name for key in keys if isinstance(key, ast.Identifier)]
