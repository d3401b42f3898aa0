"""A photograph with its caption: dimmed at night, never stretched, and never an empty hole without a reason."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPainterPath, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget

from inspection_station.inspection.document import BlobRef
from inspection_station.ui.pictures import PictureStore
from inspection_station.ui.theme import Look, ThemeName

PORTRAIT = 35 / 45  # width over height of a passport photograph (Doc 9303 part 3 §3.9)


class PictureView(QWidget):
    """Shows one picture by reference. ``aspect`` is width over height of the frame, None to fill what there is."""

    def __init__(
        self,
        store: PictureStore,
        *,
        aspect: float | None = PORTRAIT,
        silhouette: bool = True,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._store = store
        self._aspect = aspect
        self._silhouette = silhouette
        self._look = Look(ThemeName.DAY, 1.0)
        self._ref: BlobRef | None = None
        self._absent = ""
        self._broken = ""
        self._whole = False
        self.caption = ""
        self._scaled: tuple[str, QSize, QPixmap] | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def set_look(self, look: Look) -> None:
        """Take a look."""
        self._look = look
        self.setMinimumSize(look.px(96), look.px(110))
        self.update()

    def show_picture(self, ref: BlobRef | None, *, caption: str, absent: str, broken: str, whole: bool = False) -> None:
        """Show a picture, or say why there is none. ``whole``: uncut, whatever its shape."""
        if (ref, caption, absent, broken, whole) != (self._ref, self.caption, self._absent, self._broken, self._whole):
            self._ref, self.caption, self._absent, self._broken = ref, caption, absent, broken
            self._whole = whole
            self._scaled = None
            self.setAccessibleName(caption)
            self.setAccessibleDescription(absent if ref is None else "")
            self.refresh()

    def refresh(self) -> None:
        """A picture may have arrived."""
        self.update()

    def frame_box(self) -> QRect:
        """The frame inside the widget, below it the caption."""
        return fit(self.rect().adjusted(0, 0, 0, -self._look.px(24) if self.caption else 0), self._shape)

    @property
    def _shape(self) -> float | None:
        return None if self._whole else self._aspect

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw picture, frame and caption."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        box = self.frame_box()
        image = self._store.get(self._ref) if self._ref is not None else None
        clip = QPainterPath()
        clip.addRoundedRect(QRectF(box), self._look.px(6), self._look.px(6))
        painter.fillPath(clip, self._look.color("sunken"))
        if image is not None and self._ref is not None:
            painter.setClipPath(clip)
            self._paint_image(painter, box, image, self._ref.sha256)
            painter.setClipping(False)
        else:
            self._paint_absence(painter, box)
        painter.setPen(QPen(self._look.color("line"), 1))
        painter.drawPath(clip)
        self._paint_caption(painter, box)
        painter.end()

    def _paint_image(self, painter: QPainter, box: QRect, image: QImage, key: str) -> None:
        # Portraits fill their frame; pages are shown whole.
        mode = Qt.AspectRatioMode.KeepAspectRatioByExpanding if self._shape else Qt.AspectRatioMode.KeepAspectRatio
        if self._scaled is None or self._scaled[0] != key or self._scaled[1] != box.size():
            scaled = image.scaled(box.size(), mode, Qt.TransformationMode.SmoothTransformation)
            self._scaled = (key, box.size(), QPixmap.fromImage(scaled))
        pixmap = self._scaled[2]
        x = box.x() + (box.width() - pixmap.width()) // 2
        y = box.y() + (box.height() - pixmap.height()) // 2
        painter.drawPixmap(x, y, pixmap)
        painter.fillRect(box, self._look.color("picture_dim"))

    def _paint_absence(self, painter: QPainter, box: QRect) -> None:
        if self._silhouette:
            draw_silhouette(painter, box, self._look)
        text = self._absent
        if self._ref is not None:
            text = self._broken if self._store.unreadable(self._ref) else ""
        if not text:
            return
        painter.setPen(self._look.color("ink2"))
        painter.setFont(self._look.font(15))
        margin = self._look.px(10)
        place = box.adjusted(margin, margin, -margin, -margin)
        flags = Qt.AlignmentFlag.AlignHCenter | Qt.TextFlag.TextWordWrap
        low = Qt.AlignmentFlag.AlignBottom if self._silhouette else Qt.AlignmentFlag.AlignVCenter
        painter.drawText(place, int(flags | low), text)

    def _paint_caption(self, painter: QPainter, box: QRect) -> None:
        if not self.caption:
            return
        painter.setPen(self._look.color("ink2"))
        painter.setFont(self._look.font(13))
        below = QRect(box.left(), box.bottom() + 1, box.width(), self._look.px(24))
        painter.drawText(below, int(Qt.AlignmentFlag.AlignCenter), self.caption)


def fit(room: QRect, aspect: float | None) -> QRect:
    """The largest box of this shape in the middle of the room."""
    if aspect is None or room.height() <= 0:
        return room
    width = min(room.width(), round(room.height() * aspect))
    height = round(width / aspect)
    return QRect(room.x() + (room.width() - width) // 2, room.y() + (room.height() - height) // 2, width, height)


def draw_silhouette(painter: QPainter, box: QRect, look: Look) -> None:
    """Head and shoulders in a quiet line: a place for a face, nobody's face."""
    painter.save()
    painter.setClipRect(box)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(look.color("line"))
    painter.setOpacity(0.55)
    height = box.height()
    center_x, head = box.center().x(), height * 0.17
    painter.drawEllipse(QRectF(center_x - head * 0.8, box.top() + height * 0.2, head * 1.6, head * 2))
    painter.drawRoundedRect(
        QRectF(center_x - height * 0.27, box.top() + height * 0.6, height * 0.54, height), height * 0.2, height * 0.2
    )
    painter.restore()
