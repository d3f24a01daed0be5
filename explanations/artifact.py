"""Scorer on disk: text and JSON only, each file bound by its SHA-256.

model.lgb        LightGBM text; calibrated, so `predict` gives the probability
catalogue.toml   the catalogue it was trained on
facts.json       calibration, category codes, stems of texts, cuts, usual delays, what
                 is familiar
manifest.json    SHA-256 of each; its own SHA-256 is what the registry holds
"""

import hashlib
import re
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from explanations.errors import ModelRejectedError
from explanations.scorer import Scorer, ScorerFacts
from features.catalogue import Catalogue, parse_catalogue
from features.encoding import Labels
from features.errors import CatalogueError
from features.text import TextModel

if TYPE_CHECKING:
    import lightgbm as lgb

MODEL_FILE = "model.lgb"
CATALOGUE_FILE = "catalogue.toml"
FACTS_FILE = "facts.json"
MANIFEST_FILE = "manifest.json"
LAST_LINES = b"\nend of parameters\n\npandas_categorical:null\n"  # of a model's text
UNPARSABLE = (AttributeError, TypeError, ValueError, CatalogueError)
MAX_FILE_BYTES = 256 * 2**20  # LightGBM parses text in C++: refuse the absurd


def save_scorer(folder: Path, scorer: Scorer) -> str:
    """Write a scorer into an existing folder; returns the manifest's SHA-256."""
    files = {
        MODEL_FILE: scorer.booster.model_to_string().encode(),
        CATALOGUE_FILE: scorer.catalogue.text.encode(),
        FACTS_FILE: orjson.dumps(asdict(scorer.facts), option=orjson.OPT_INDENT_2),
    }
    for name, content in files.items():
        (folder / name).write_bytes(content)
    digests = {name: _sha256(content) for name, content in files.items()}
    manifest = orjson.dumps(digests, option=orjson.OPT_INDENT_2)
    (folder / MANIFEST_FILE).write_bytes(manifest)
    return _sha256(manifest)


def load_scorer(folder: Path, manifest_sha256: str) -> Scorer:
    """Load a scorer, after every digest was compared.

    Raises ModelRejectedError if a file is absent, too large, not the one that was
    registered, or no part of a scorer.
    """
    manifest = _read(folder / MANIFEST_FILE)
    _refuse_other(MANIFEST_FILE, manifest, manifest_sha256)
    try:
        return _parse(_listed(folder, manifest))
    except KeyError as error:
        raise ModelRejectedError(
            f"{folder}: {error} is missing; the model was made by another version of "
            "Frein: train again"
        ) from error
    except UNPARSABLE as error:
        raise ModelRejectedError(f"{folder}: {error!r}") from error


def _listed(folder: Path, manifest: bytes) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    for name, digest in orjson.loads(manifest).items():
        files[name] = _read(folder / name)
        _refuse_other(name, files[name], digest)
    return files


def _parse(files: dict[str, bytes]) -> Scorer:
    facts = orjson.loads(files[FACTS_FILE])
    catalogue = parse_catalogue(files[CATALOGUE_FILE].decode(), origin=CATALOGUE_FILE)
    return Scorer(
        booster=_booster(files[MODEL_FILE], catalogue),
        catalogue=catalogue,
        facts=ScorerFacts(
            horizon_days=facts["horizon_days"],
            slope=facts["slope"],
            intercept=facts["intercept"],
            codes={name: _learnt(stored) for name, stored in facts["codes"].items()},
            grade_cuts=tuple(facts["grade_cuts"]),
            priority_cuts=tuple(facts["priority_cuts"]),
            usual_delay_hours=facts["usual_delay_hours"],
            typical_from=facts["typical_from"],
            score_range=tuple(facts["score_range"]),
        ),
    )


def _learnt(stored: Any) -> Labels | TextModel:
    """Labels are a list, a model of texts is an object."""
    if isinstance(stored, list):
        return tuple(stored)
    stems = {stem: (idf, weight) for stem, (idf, weight) in stored["stems"].items()}
    return TextModel(intercept=stored["intercept"], stems=stems)


def _booster(text: bytes, catalogue: Catalogue) -> "lgb.Booster":
    # A third of what a command imports: only who has a model does.
    import lightgbm as lgb

    _refuse_truncated(text)
    try:
        booster = lgb.Booster(model_str=text.decode())
    except lgb.basic.LightGBMError as error:
        raise ValueError(str(error)) from error
    if tuple(booster.feature_name()) != catalogue.names:
        raise ModelRejectedError(f"{MODEL_FILE}: its signals aren't the catalogue's")
    return booster


def _refuse_truncated(text: bytes) -> None:
    """LightGBM 4.6 reads on past the end of a short text: it then crashes, or finds
    the trees of another model there (both were seen)."""
    header, _, _ = text.partition(b"\nTree=0\n")
    sizes = re.search(rb"^tree_sizes=([\d ]+)$", header, re.MULTILINE)
    trees_end = len(header) + 1 + (sum(map(int, sizes[1].split())) if sizes else 0)
    if not text.startswith(b"end of trees", trees_end) or not text.endswith(LAST_LINES):
        raise ModelRejectedError(f"{MODEL_FILE}: truncated")


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ModelRejectedError(f"{path}: over {MAX_FILE_BYTES} bytes")
        return path.read_bytes()
    except OSError as error:
        raise ModelRejectedError(f"{path}: {error}") from error


def _refuse_other(name: str, content: bytes, expected: str) -> None:
    digest = _sha256(content)
    if digest != expected:
        raise ModelRejectedError(
            f"{name}: SHA-256 is {digest}, {expected} was registered"
        )


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
