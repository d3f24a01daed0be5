"""`docs/architecture.md` is held to the files and imports as they are."""

from functools import cache

from grimp import build_graph

from tests.architecture.page import ROOT, arrows_of, named_paths

PACKAGES = ("features", "explanations", "training", "governance", "serving", "data")
Pair = tuple[str, str]


def box_of(module: str) -> str:
    """The box of the picture: a folder of `serving`, or another package as a whole."""
    parts = module.split(".")
    return "/".join(parts[: 2 if parts[0] == "serving" else 1])


def pairs_of_boxes() -> set[Pair]:
    """Each box with one that it imports."""
    graph = build_graph(*PACKAGES, cache_dir=None)
    pairs = {
        (box_of(module), box_of(imported))
        for module in graph.modules
        for imported in graph.find_modules_directly_imported_by(module)
    }
    return {(tail, head) for tail, head in pairs if tail != head}


def reduced(pairs: set[Pair]) -> set[Pair]:
    """The pairs that no way through another box tells already."""
    heads: dict[str, set[str]] = {}
    for tail, head in pairs:
        heads.setdefault(tail, set()).add(head)

    @cache
    def below(box: str) -> frozenset[str]:
        direct = heads.get(box, set())
        return frozenset(direct).union(*map(below, direct))

    return {
        (tail, head)
        for tail, head in pairs
        if not any(head in below(other) for other in heads[tail] - {head})
    }


def test_the_picture_has_the_arrows_of_the_imports() -> None:
    assert arrows_of("The folders") == reduced(pairs_of_boxes())


def test_what_the_page_names_is_there() -> None:
    missing = sorted(path for path in named_paths() if not (ROOT / path).exists())
    assert not missing
