"""What the pages have in common: what they draw with, and the card they stand on."""

from __future__ import annotations

from dataclasses import dataclass, field

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from inspection_station.desk.view import FrameSlot
from inspection_station.inspection.document import BlobRef
from inspection_station.ui.pictures import PictureStore
from inspection_station.ui.presenters.step_pages import Reference
from inspection_station.ui.theme import Look
from inspection_station.ui.widgets.picture import PictureView
from inspection_station.wording import Wording


@dataclass(frozen=True, slots=True)
class Surface:
    """What a page draws with."""

    pictures: PictureStore
    frames: FrameSlot
    zone_family: str
    fingers: FrameSlot = field(default_factory=FrameSlot)


class Card(QWidget):
    """A white card; ``row`` or ``column`` of things with the usual margins."""

    def __init__(self, *, row: bool = False, plain: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        if not plain:
            self.setObjectName("card")
            self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._plain = plain
        self.box: QBoxLayout = QHBoxLayout(self) if row else QVBoxLayout(self)

    def set_look(self, look: Look) -> None:
        """Take a look."""
        margin = 0 if self._plain else look.px(14)
        self.box.setContentsMargins(margin, margin, margin, margin)
        self.box.setSpacing(look.px(12))


def scrolled(widget: QWidget) -> QScrollArea:
    """A scroll area that shows only when it is needed and takes no focus."""
    area = QScrollArea()
    area.setWidget(widget)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    return area


def show_portrait(view: PictureView, ref: BlobRef | None, absent: str, wording: Wording) -> None:
    """The chip's portrait, or why there is none."""
    broken = wording.text("picture.broken")
    view.show_picture(ref, caption=wording.text("picture.caption-portrait"), absent=absent, broken=broken)


def show_reference(view: PictureView, reference: Reference, wording: Wording) -> None:
    """What the live face is compared with."""
    broken = wording.text("picture.broken")
    view.show_picture(
        reference.picture, caption=reference.caption, absent=reference.absent, broken=broken, whole=reference.whole
    )


def show_live_face(view: PictureView, ref: BlobRef | None, absent: str, wording: Wording) -> None:
    """The captured face, or why there is none."""
    broken = wording.text("picture.broken")
    view.show_picture(ref, caption=wording.text("picture.caption-live"), absent=absent, broken=broken)
