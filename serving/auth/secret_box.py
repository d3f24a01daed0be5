"""Secret box: seals what the store must keep and nobody may read in it.

The key is a file beside the anchors, not in the database: who has a copy of the one
doesn't have the other. It is made when something is sealed for the first time.
"""

import os
from base64 import b64decode, b64encode
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from serving.errors import SecretKeyError

_NONCE_BYTES = 12  # NIST SP 800-38D: random, and far fewer than 2^32 are sealed
_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class SecretBox:
    """AES-256-GCM with the key in a file.

    What was sealed `about` somebody opens about nobody else: a sealed secret that is
    copied to another account means nothing there.
    """

    path: Path

    def seal(self, secret: str, about: str) -> str:
        """The secret as the store keeps it; raises SecretKeyError."""
        if not self.path.exists():
            _make_key(self.path)
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._cipher().encrypt(nonce, secret.encode(), about.encode())
        return b64encode(nonce + sealed).decode()

    def opened(self, sealed: str, about: str) -> str | None:
        """The secret; None: it was sealed with another key, or about somebody else.

        Raises SecretKeyError.
        """
        try:
            whole = b64decode(sealed, validate=True)
            nonce, body = whole[:_NONCE_BYTES], whole[_NONCE_BYTES:]
            return self._cipher().decrypt(nonce, body, about.encode()).decode()
        except (InvalidTag, ValueError):
            return None

    def _cipher(self) -> AESGCM:
        try:
            if self.path.stat().st_mode & 0o077:
                raise SecretKeyError(f"{self.path}: others may read it: chmod 600")
            key = self.path.read_bytes()
        except OSError as error:
            raise SecretKeyError(f"{self.path}: {error.strerror}") from error
        if len(key) != _KEY_BYTES:
            raise SecretKeyError(f"{self.path}: it isn't a key of {_KEY_BYTES} bytes")
        return AESGCM(key)


def _make_key(path: Path) -> None:
    """Write a whole key or none; of two who make one at once, the first one's stays."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with TemporaryDirectory(dir=path.parent, prefix="key-") as folder:
            draft = Path(folder) / path.name
            draft.touch(mode=0o600)
            draft.write_bytes(AESGCM.generate_key(8 * _KEY_BYTES))
            with suppress(FileExistsError):
                path.hardlink_to(draft)
    except OSError as error:
        raise SecretKeyError(f"{path}: {error.strerror}") from error
