"""Anchors: the chain's end, signed now and then, and kept where the database isn't.

Who can write the whole database can forge the whole chain, or cut its end; not the
signature (Ed25519) of what it was. What is signed is the JSON of `at`, `hash` and
`seq`, in that order, without spaces.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from governance.audit.chain import Break, BreakKind, Head


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """`signature` in hexadecimal."""

    seq: int
    hash: str
    at: str
    signature: str


def signed(head: Head, at: datetime, key: Ed25519PrivateKey) -> Anchor:
    """The head of a chain, signed."""
    instant = at.astimezone(UTC).isoformat()
    signature = key.sign(_signed_text(head.seq, head.hash, instant)).hex()
    return Anchor(seq=head.seq, hash=head.hash, at=instant, signature=signature)


def forged_anchor(anchors: Iterable[Anchor], key: Ed25519PublicKey) -> Break | None:
    """The first anchor that the key didn't sign, or that contradicts another."""
    hashes: dict[int, str] = {}
    for anchor in anchors:
        if not _is_signed(anchor, key):
            return Break(BreakKind.ANCHOR_FORGED, anchor.seq)
        if hashes.setdefault(anchor.seq, anchor.hash) != anchor.hash:
            return Break(BreakKind.ANCHOR_DIFFERS, anchor.seq)
    return None


def _is_signed(anchor: Anchor, key: Ed25519PublicKey) -> bool:
    text = _signed_text(anchor.seq, anchor.hash, anchor.at)
    try:
        key.verify(bytes.fromhex(anchor.signature), text)
    except (InvalidSignature, ValueError):
        return False
    return True


def _signed_text(seq: int, digest: str, at: str) -> bytes:
    return orjson.dumps({"at": at, "hash": digest, "seq": seq})
