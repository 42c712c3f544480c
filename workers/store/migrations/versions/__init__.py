"""The versions of our own tables, one file a change."""
