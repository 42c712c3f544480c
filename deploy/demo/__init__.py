"""The demonstration: a GitHub stand-in, a sample shop, its databases, and schemagate as it would be installed."""
