"""Training: from a network, a recipe and data to a trained network in a run folder.

Nothing here imports a framework until it is used.
"""
