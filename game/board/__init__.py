"""The board: goods, generators, merging, storage and levels."""
