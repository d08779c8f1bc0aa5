"""Evaluation of trained networks, and their predictions for new examples."""
