"""A recipe, a network and data to a job: all that can be said before anything is built."""
