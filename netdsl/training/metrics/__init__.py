"""What a network is measured by: losses, penalties, and metrics of one definition for all who
report them.
"""
