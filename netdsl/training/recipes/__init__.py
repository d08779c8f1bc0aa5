"""Recipes: what a training is asked for."""
