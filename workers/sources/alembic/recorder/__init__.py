"""A program of its own that runs in the sandbox with a project's Python: it writes down what the project's migrations send."""
