"""The front door: what `import netdsl` shows, each name from its module when it is asked for.

Public functions check their arguments in `arguments`, once, and call the room that does the work.
"""
