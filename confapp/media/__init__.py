"""Frames in and out of the program. Every frame inside is RGB uint8, (H, W, 3)."""

# Before PyAV, whoever imports it next: both bring libxcb, and OpenCV's windows hang for ever when
# PyAV's came first (opencv/opencv issue 29195).
import cv2  # noqa: F401
