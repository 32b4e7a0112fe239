"""What the page shows beside pictures: one view, changed in one place and told at each change."""

from collections.abc import Callable
from typing import Any

from confapp.errors import ConfappError
from confapp.page.messages import Event, Notice, View


class PageBoard:
    """The view at hand; belongs to the event loop.

    Args:
        view: what is shown first.
        tell: takes an event for the tab that is open, if one is.

    Attributes:
        view: as the page shows it now.
        on_change: told after each change.
    """

    def __init__(self, view: View, tell: Callable[[Event], None]) -> None:
        self.view = view
        self.tell = tell
        self.on_change: Callable[[], None] | None = None

    def set(self, **changes: Any) -> None:
        """Change fields of the view."""
        self.view = self.view.model_copy(update=changes)
        if self.on_change is not None:
            self.on_change()
        self.tell(self.view)

    def tell_fault(self, error: ConfappError) -> None:
        """Say once what went wrong."""
        self.tell(Notice(error_id=error.error_id, sentence=error.message))
