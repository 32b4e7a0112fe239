"""Speed and memory, each figure beside a baseline of the same run."""
