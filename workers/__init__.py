"""The processes that act: they plan, apply, verify and write down what happened."""
