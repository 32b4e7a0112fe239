"""Videos of talking people to training shards: what `confapp data prepare` does.

A video goes through twice. First it is looked at a few times a second (`survey`), and the looks
make pieces that one still view can show (`piece_finder`, `stable_view`); then the frames of those
pieces are cut, thinned (`frame_novelty`) and labelled (`head_pose_label`).
"""
