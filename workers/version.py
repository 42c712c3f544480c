"""The version of this program, as packages, evidence and the command line give it."""

VERSION = "0.1.0"
