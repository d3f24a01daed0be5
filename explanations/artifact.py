"""A scorer on disk: text and JSON only, each file bound by its SHA-256.

model.lgb        LightGBM text; calibrated, so `predict` gives the probability
catalogue.toml   the catalogue it was trained on
facts.json       calibration, category codes, cuts, usual delays
manifest.json    SHA-256 of each; its own SHA-256 is what the registry holds
"""

import hashlib
from dataclasses import asdict
from pathlib import Path

import lightgbm as lgb
import orjson

from explanations.scorer import Scorer, ScorerFacts
from features.catalogue import parse_catalogue
from features.errors import CatalogueError, ModelRejectedError

MODEL_FILE = "model.lgb"
CATALOGUE_FILE = "catalogue.toml"
FACTS_FILE = "facts.json"
MANIFEST_FILE = "manifest.json"
UNPARSABLE = (KeyError, TypeError, ValueError, CatalogueError, lgb.basic.LightGBMError)
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

    Raises
    ------
    ModelRejectedError
        If a file is absent, too large, or not the one that was registered.
    """
    manifest = _read(folder / MANIFEST_FILE)
    _refuse_other(MANIFEST_FILE, manifest, manifest_sha256)
    files: dict[str, bytes] = {}
    for name, digest in orjson.loads(manifest).items():
        files[name] = _read(folder / name)
        _refuse_other(name, files[name], digest)
    try:
        return _parse(files)
    except (
        KeyError,
        TypeError,
        ValueError,
        CatalogueError,
        lgb.basic.LightGBMError,
    ) as e:
        raise ModelRejectedError(f"{folder}: {e}") from e


def _parse(files: dict[str, bytes]) -> Scorer:
    facts = orjson.loads(files[FACTS_FILE])
    return Scorer(
        booster=lgb.Booster(model_str=files[MODEL_FILE].decode()),
        catalogue=parse_catalogue(
            files[CATALOGUE_FILE].decode(), origin=CATALOGUE_FILE
        ),
        facts=ScorerFacts(
            horizon_days=facts["horizon_days"],
            slope=facts["slope"],
            intercept=facts["intercept"],
            codes={name: tuple(labels) for name, labels in facts["codes"].items()},
            grade_cuts=tuple(facts["grade_cuts"]),
            priority_cuts=tuple(facts["priority_cuts"]),
            usual_delay_hours=facts["usual_delay_hours"],
        ),
    )


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ModelRejectedError(f"{path}: over {MAX_FILE_BYTES} bytes")
        return path.read_bytes()
    except OSError as error:
        raise ModelRejectedError(f"{path}: {error}") from error


def _refuse_other(name: str, content: bytes, expected: str) -> None:
    found = _sha256(content)
    if found != expected:
        raise ModelRejectedError(
            f"{name}: SHA-256 is {found}, {expected} was registered"
        )


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
