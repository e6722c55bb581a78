"""Registers a contract with one commitment through the public API, as two people would."""
