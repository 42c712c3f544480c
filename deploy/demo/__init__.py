"""A demonstration of the service on one machine, against a local GitHub stand-in."""
