"""Orders: what customers ask for, what it pays, and the moves of a board with deliveries among them."""
