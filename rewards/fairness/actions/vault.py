"""The vault of server seeds, and of what else is sealed at rest: AES-256-GCM under a key of the process's secret."""

from __future__ import annotations

import hmac

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12
SEEDS = b"mergemart: server seeds at rest, 1"
PAPERS = b"mergemart: papers to prizes at rest, 1"


class AesVault:
    """Seals seeds with a key derived from `secret`; each sealed seed is bound to its member and epoch.

    Another secret cannot unseal them: it must be kept as long as epochs are unrevealed or receipts are asked for. Each
    `purpose` has a key of its own.
    """

    def __init__(self, secret: bytes, purpose: bytes = SEEDS) -> None:
        assert secret, "seeds are sealed with the process's secret"
        self._cipher = AESGCM(hmac.digest(secret, purpose, "sha256"))

    def seal(self, seed: bytes, nonce: bytes, place: bytes) -> bytes:
        """The nonce and the sealed seed."""
        assert len(nonce) == NONCE_BYTES, "a nonce has 12 bytes"
        return nonce + self._cipher.encrypt(nonce, seed, place)

    def unseal(self, sealed: bytes, place: bytes) -> bytes:
        """The seed. Raises cryptography's `InvalidTag` where place, key or bytes are not those of its sealing."""
        return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], place)
