"""Refills of energy: bought, offered, exported and audited."""

from game.refills.actions.audit import audit
from game.refills.actions.buying import EnergyRefilled, RefillEnergy, refill_energy
from game.refills.actions.reading import export_refills, read_offer

__all__ = ["EnergyRefilled", "RefillEnergy", "audit", "export_refills", "read_offer", "refill_energy"]
