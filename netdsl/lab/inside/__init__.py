"""Inside a trained network: what its layers have learned, what they react to, what fools them."""
