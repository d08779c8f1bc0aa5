"""A first network and recipe for a data set, sized to it, with comments for a beginner.

`facts` finds out what the data holds and what is predicted, `network_text` and `recipe_text` write
the two files, `starter` does all of it and checks the result.
"""
