"""What trained networks are worth, and what they say of new examples."""
