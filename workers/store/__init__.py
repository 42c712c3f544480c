"""Our memory: what was heard, planned, approved and done."""
