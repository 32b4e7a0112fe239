"""People seen from other sides: the free view of the paper (section 3.3) on a still picture."""

from collections.abc import Callable, Sequence

from confapp.evaluation.head_angle import head_rotation
from confapp.evaluation.performer import Performer
from confapp.evaluation.picture_metrics import PictureMetrics
from confapp.evaluation.rendering_grid import FaceFinder, GridRow, RenderingGrid, score
from confapp.pose_offset import PoseOffset
from models.talking_head import TalkingHead

YAW_OFFSETS = (-30, -20, -10, 0, 10, 20, 30)  # degrees; > 0 to the picture's right


def turn(
    head: TalkingHead,
    metrics: PictureMetrics,
    people: Sequence[Performer],
    *,
    advance: Callable[[], None] = lambda: None,
) -> RenderingGrid:
    """Everybody's picture with its own motion, turned by each offset.

    Args:
        advance: called after each row.
    """
    columns = [f"yaw {yaw:+d}" if yaw else "yaw 0" for yaw in YAW_OFFSETS]
    grid = RenderingGrid("turn", "heads turned by yaw offsets, degrees", columns)
    finder = FaceFinder()
    for source in people:
        motion = source.appearance.motion
        cells = []
        for offset in (PoseOffset(yaw=yaw) for yaw in YAW_OFFSETS):
            rendering = head.render(source.appearance, motion, offset)
            look = metrics.look(rendering, finder.place(rendering, source.place()))
            asked = head_rotation(motion, offset)
            cells.append(score(head, look, asked, source=source, people=people))
        grid.rows.append(GridRow(source, cells))
        advance()
    return grid
