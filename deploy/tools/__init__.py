"""Small programs that the Makefile runs to fetch and build what a checkout needs."""
