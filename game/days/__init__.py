"""Days as members live them."""
