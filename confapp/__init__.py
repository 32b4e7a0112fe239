"""confapp: video calls from head pose and expression.

The straight road of a call: camera, framing, motion encoder, codec, motion channel, and back up
through codec, pose offset and renderer to the screen.
"""

__version__ = "0.1.0"
