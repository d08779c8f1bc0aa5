"""What is measured of an output beside its loss: one definition for all who report it."""
