"""The benchmarks: how long it takes to compare two schemas, beside the bare catalog queries and other tools (`make bench`)."""
