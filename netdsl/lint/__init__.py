"""Warnings that no error hides. They are looked for only where a text has no errors, so that a
mistake never makes a name look unused.
"""
