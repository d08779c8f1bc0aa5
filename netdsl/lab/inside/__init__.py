"""Inside a trained network: what its layers have learned, what they see, what fools them."""
