"""A first network and recipe for a data set, sized to it, with comments for a beginner.

`facts` says what the data holds and what is predicted, `network_text` and `recipe_text` write the
pair, `starter` does all of it and tries the pair out.
"""
