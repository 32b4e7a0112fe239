"""`confapp ranges`: what a model needs to run in bytes, measured."""

from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from confapp.errors import ConfappError
from confapp.person_pictures import person_pictures
from models.checkpoints.activation_ranges import RangesError, save_ranges
from models.compiled import compiles
from models.picture_agreement import as_image
from models.talking_head import find_checkpoint

console = Console(stderr=True)


def measure_ranges(model: str, sources: list[Path], out: Path) -> None:
    """Render each person's pictures from the first one, and write in which ranges numbers lay.

    Raises:
        ConfappError: a model, a clip or a file that cannot be used.
    """
    if not out.parent.is_dir():
        raise RangesError("ranges-unwritable", f"{out.parent} is no folder; choose another file.")
    checkpoint, _ = find_checkpoint(model, with_ranges=False)
    config = checkpoint.config
    if not compiles(config):
        raise ConfappError(
            "ranges-useless",
            f"{config.name} is not run by OpenVINO here, so it has no use for ranges; they are for "
            "planar models, and want `pip install openvino`.",
        )
    from models.compiled.range_measurement import RangeMeasurement  # noqa: PLC0415 (see compiles)

    measurement = RangeMeasurement(checkpoint)
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("measuring", total=None)
        for pictures in person_pictures(sources, config.image_size):
            source, *drivers = (as_image(picture) for picture in pictures)
            measurement.add(source, drivers)
            progress.advance(task, len(drivers))
    ranges = measurement.ranges()
    save_ranges(ranges, checkpoint.fingerprint, out)
    console.print(f"{out}: {len(ranges)} layers, {measurement.frames} frames", highlight=False)
