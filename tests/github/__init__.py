"""Our side of GitHub: git objects, and the REST API against the stand-in."""
