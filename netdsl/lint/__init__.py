"""What should be said of a text. Warnings are looked for only where it has no errors, so that a
mistake never makes a name look unused.
"""
