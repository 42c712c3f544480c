"""THE COMMAND LINE: one file a group of commands of `schemagate`; composition roots, like wiring."""
