"""The cameras that a person can choose from."""

from pathlib import Path

from confapp.page.messages import MAX_DEVICE, Device

V4L = Path("/sys/class/video4linux")  # Linux; elsewhere OpenCV cannot name the cameras
MOST = 16


def list_cameras(chosen: str, folder: Path = V4L) -> list[Device]:
    """The cameras of this machine; the one in use comes along even where none can be listed.

    Args:
        chosen: index or path of the one in use.
        folder: where Linux lists them.
    """
    found = []
    for device in sorted(folder.glob("video*")):
        number = device.name.removeprefix("video")
        try:
            # a camera's other nodes, for its metadata, have a higher index
            if number.isdigit() and (device / "index").read_text().strip() == "0":
                found.append(Device(id=number, label=(device / "name").read_text().strip()))
        except OSError:
            continue
    if chosen not in (device.id for device in found):
        found.append(Device(id=chosen[:MAX_DEVICE], label=f"Camera {chosen}"))
    return found[:MOST]
