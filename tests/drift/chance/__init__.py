"""Schemas by chance: for each engine a generator of objects that are made, changed and taken away again."""
