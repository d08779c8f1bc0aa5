"""Recipes: descriptions of trainings."""
