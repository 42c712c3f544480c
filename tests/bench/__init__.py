"""The benchmarks: what costs people their time, measured on servers of our own (`make bench`)."""
