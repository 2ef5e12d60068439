"""Seeds: opened for draws, shown, set, revealed."""

from rewards.fairness.actions.audit import audit
from rewards.fairness.actions.book import Roller, Seeds, open_seeds, read_epochs, try_unseal, unseal
from rewards.fairness.actions.member import (
    ClientSeedSet,
    RevealSeed,
    SeedRevealed,
    SetClientSeed,
    begin_seeds,
    read_seed,
    reveal_seeds,
    set_client_seeds,
)
from rewards.fairness.actions.vault import NONCE_BYTES, PAPERS, AesVault

__all__ = [
    "NONCE_BYTES",
    "PAPERS",
    "AesVault",
    "ClientSeedSet",
    "RevealSeed",
    "Roller",
    "SeedRevealed",
    "Seeds",
    "SetClientSeed",
    "audit",
    "begin_seeds",
    "open_seeds",
    "read_epochs",
    "read_seed",
    "reveal_seeds",
    "set_client_seeds",
    "try_unseal",
    "unseal",
]
