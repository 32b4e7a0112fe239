"""How good the pictures are: metrics, baselines and reports.

A picture is (H, W, 3) RGB uint8. Landmarks are (68, 2) x, y in pixels counted from the picture's
edge (iBUG order). Distances are reported in pixels of a picture 256 wide, whatever its size.
"""
