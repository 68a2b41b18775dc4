"""Named tasks: which there are, what comes before what, and running them in that order."""
