"""Contracts and their commitments in spreadsheets: read, and as a template to fill in."""
