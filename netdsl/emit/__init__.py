"""Networks as Keras programs.

`read` writes a graph as Keras calls, `plan` makes nodes of them, in which `factoring` finds blocks
and repeats; `function` makes statements of these (`statements`, values still), `python` their text,
and `program` the module around it.
"""
