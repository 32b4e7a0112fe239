"""Frames in and out of the program. Every frame inside is RGB uint8, (H, W, 3)."""
