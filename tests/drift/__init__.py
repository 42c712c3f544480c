"""Drift told from data: cases of before and after, how they are run on a server, and the tables that the guide shows."""
