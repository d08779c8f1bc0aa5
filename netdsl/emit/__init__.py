"""Networks as Keras programs: `steps` (the Keras calls of a graph), `program` (functions and
loops), `text` (Python), `carried`.
"""
