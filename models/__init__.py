"""Every network of the method, and nothing that is input or output of a call.

`models.talking_head.TalkingHead` is the one face of this package.
"""
