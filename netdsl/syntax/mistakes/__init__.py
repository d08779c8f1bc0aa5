"""The mistakes that people make, by their subject: one function each, which knows a mistake from
where the parser stopped.
"""
