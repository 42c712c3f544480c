"""The decisions: pure functions and values, with no input, output, clock or environment."""
