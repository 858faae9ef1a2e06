"""What the sessions of the noxfile call, where a few lines in the noxfile do not do."""
