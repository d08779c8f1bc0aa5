"""What the formatter is made of."""
