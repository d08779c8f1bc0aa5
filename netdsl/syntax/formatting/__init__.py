"""What the formatter does to one statement: its tokens, their measures, their layout."""
