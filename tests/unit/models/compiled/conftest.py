"""Where there is no OpenVINO, torch runs all models, and there is nothing to test here."""

from importlib.util import find_spec

collect_ignore_glob = [] if find_spec("openvino") else ["test_*.py"]
