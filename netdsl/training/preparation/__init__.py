"""Preparation of examples for a network."""
