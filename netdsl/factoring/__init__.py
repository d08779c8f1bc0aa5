"""Blocks, branches and repeats, found again in a plain graph of layers: what `from_keras` and
`emit` write.

`nesting` makes chains of the graph: a merge holds its branches, each a chain. `repeats` folds equal
neighbours. `blocks` takes out what occurs again and again with other numbers, as blocks with
parameters. None of them knows what a layer is, or how it is written.
"""
