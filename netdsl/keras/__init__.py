"""Graphs to Keras models, and back again. With `training` the only room that imports Keras."""
