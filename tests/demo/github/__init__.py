"""Tests of the GitHub stand-in, which hold it to GitHub's own descriptions."""
