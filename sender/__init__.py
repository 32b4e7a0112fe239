"""The sending end: capture, frame, encode, send."""
