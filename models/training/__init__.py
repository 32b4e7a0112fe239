"""Training: data, losses, loop, schedule."""
