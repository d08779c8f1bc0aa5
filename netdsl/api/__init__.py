"""The public interface: the names of `import netdsl`, each imported from its module when needed.

Public functions check their arguments once, by `arguments`, and call the room that does the work.
"""
