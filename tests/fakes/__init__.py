"""Stand-ins with state, each held to the contract suite of the real thing."""
