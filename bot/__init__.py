"""The internet-facing process: hears GitHub, keeps what it heard, and asks a worker to act."""
