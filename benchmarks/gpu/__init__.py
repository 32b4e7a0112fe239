"""What a card makes of the engine, beside its own ceilings and the networks as they are written."""
