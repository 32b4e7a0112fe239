"""Weights on disk: safetensors files with configuration, card and fingerprint."""
