"""What is done to examples before a network takes them."""
