"""Tests of the sources of truth."""
