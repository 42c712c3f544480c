"""Text to values: YAML with positions, SQL lexed and parsed."""
