"""The local web page of a call: a small server on 127.0.0.1 and the static files it serves.

The process owns camera, networks and call; the page shows them and steers.
"""
