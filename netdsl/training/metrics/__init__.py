"""What a network is measured by: losses, penalties, and metrics with a single definition for all
that report them.
"""
