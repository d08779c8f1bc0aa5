"""From a recipe, a network and data to a job, before anything is built."""
