"""Where code of a pull runs: without credentials, without a network, with limits."""
