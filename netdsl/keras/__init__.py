"""Graphs to Keras models. The only room, with `train` and `lab`, that imports Keras; `netdsl`
imports it when a model is asked for.
"""
