"""Keras operations as several simpler ones, which the kinds read."""
