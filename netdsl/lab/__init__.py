"""What a network does: numbers through it, and derivatives back."""
