"""The rules of the board: what the sheets say, how cells are written, and what each move does."""
