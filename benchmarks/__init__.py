"""Load generators, run by hand; each prints its figures beside a baseline of the same run."""
