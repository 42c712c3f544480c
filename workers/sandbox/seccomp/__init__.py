"""Which system calls a sandboxed process may not make, as a committed filter for each machine type."""
