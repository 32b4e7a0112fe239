"""The signaling server: rooms of two by link, where peers find each other. No torch, no media."""
