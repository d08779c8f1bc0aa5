"""Many steps in one call, and which way is fastest."""
