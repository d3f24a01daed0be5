"""Numeric code says its shapes (STYLE 17): a lint of our own."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("features", "explanations", "training")
ARRAYS = ("NDArray", "FloatArray", "BoolArray", "IntArray")


def numeric_functions() -> Iterator[tuple[str, ast.FunctionDef]]:
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.FunctionDef) and _is_numeric(node):
                    yield f"{path.relative_to(ROOT)}:{node.name}", node


def _is_numeric(node: ast.FunctionDef) -> bool:
    arguments = [*node.args.args, *node.args.kwonlyargs]
    named = [a.annotation for a in arguments if a.annotation]
    told = " ".join(ast.unparse(one) for one in [*named, node.returns] if one)
    return not node.name.startswith("_") and any(name in told for name in ARRAYS)


@pytest.mark.parametrize(
    "node", [pytest.param(node, id=name) for name, node in numeric_functions()]
)
def test_a_public_numeric_function_says_its_shapes(node: ast.FunctionDef) -> None:
    docstring = ast.get_docstring(node) or ""
    assert "(n" in docstring or "shape" in docstring
