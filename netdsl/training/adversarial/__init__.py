"""Two networks of one file that are trained against each other: a generator and a discriminator."""
