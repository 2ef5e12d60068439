"""Energy: what a tap costs and what comes back with time."""
