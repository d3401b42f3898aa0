"""The live picture: a 33 ms timer looks into the one-frame slot; the frame is drawn without being copied."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRect, QRectF, Qt, QTimer
from PySide6.QtGui import QHideEvent, QImage, QPainter, QPainterPath, QPaintEvent, QPen, QShowEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from inspection_station.desk.view import FrameSlot
from inspection_station.hardware.ports import Frame
from inspection_station.ui.presenters.tone import Tone
from inspection_station.ui.theme import Look, ThemeName
from inspection_station.ui.widgets.picture import draw_silhouette, fit

INTERVAL_MS = 33


class LiveView(QWidget):
    """Live picture, with an oval where the face belongs if ``outline``. Polls only while it is visible and ``live``."""

    def __init__(self, frames: FrameSlot, parent: QWidget | None = None, *, outline: bool = True) -> None:
        super().__init__(parent)
        self._outline = outline
        self._frames = frames
        self._look = Look(ThemeName.DAY, 1.0)
        self._frame: Frame | None = None
        self._live = False
        self._tone = Tone.NOTE
        self._absent = ""
        self._timer = QTimer(self)
        self._timer.setInterval(INTERVAL_MS)
        self._timer.timeout.connect(self.poll)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def set_look(self, look: Look) -> None:
        """Take a look."""
        self._look = look
        self.setMinimumSize(look.px(200), look.px(150))
        self.update()

    def show_live(self, live: bool, tone: Tone, *, name: str, absent: str) -> None:
        """Start or stop looking at the camera; ``tone`` colours the oval."""
        self.setAccessibleName(name)
        if (live, tone, absent) == (self._live, self._tone, self._absent):
            return
        self._live, self._tone, self._absent = live, tone, absent
        if not live:
            self._frame = None
        self._run()
        self.update()

    def poll(self) -> None:
        """Take the newest frame, if it is a new one."""
        frame = self._frames.newest() if self._live else None
        if frame is not self._frame:
            self._frame = frame
            self.update()

    def showEvent(self, event: QShowEvent) -> None:
        """Start looking."""
        super().showEvent(event)
        self._run()

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop looking; nobody's face is kept for later."""
        super().hideEvent(event)
        self._frame = None
        self._timer.stop()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the frame and the oval."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        frame = self._frame
        image = frame_image(frame) if frame is not None else None
        box = fit(self.rect(), image.width() / image.height() if image is not None else None)
        clip = QPainterPath()
        clip.addRoundedRect(QRectF(box), self._look.px(6), self._look.px(6))
        painter.fillPath(clip, self._look.color("sunken"))
        if image is not None:
            painter.setClipPath(clip)
            painter.drawImage(box, image)
            painter.fillRect(box, self._look.color("picture_dim"))
            if self._outline:
                self._paint_oval(painter, box)
            painter.setClipping(False)
        else:
            if self._outline:
                draw_silhouette(painter, box, self._look)
            painter.setPen(self._look.color("ink2"))
            painter.setFont(self._look.font(15))
            margin = self._look.px(12)
            flags = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom | Qt.TextFlag.TextWordWrap
            painter.drawText(box.adjusted(margin, margin, -margin, -margin), int(flags), self._absent)
        painter.setPen(QPen(self._look.color("line"), 1))
        painter.drawPath(clip)
        painter.end()

    def _paint_oval(self, painter: QPainter, box: QRect) -> None:
        height = box.height() * 0.72
        oval = QRectF(0, 0, height * 0.74, height)
        oval.moveCenter(QRectF(box).center())
        good = self._tone is Tone.OK
        pen = QPen(self._look.color("ok_bg" if good else "warn_bg"), self._look.px(3))
        if not good:
            pen.setStyle(Qt.PenStyle.DashLine)  # shape as well as colour says whether it is good
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(oval)

    def _run(self) -> None:
        if self._live and self.isVisible():
            self._timer.start()
            self.poll()
        else:
            self._timer.stop()


def frame_image(frame: Frame) -> QImage | None:
    """A QImage over the frame's own memory (BGR, height x width x 3, or grey), valid as long; None for a bad shape."""
    pixels = frame.image
    if pixels.ndim == 2 and 0 not in pixels.shape:
        height, width = pixels.shape
        grey = np.ascontiguousarray(pixels)
        return QImage(grey.data, width, height, width, QImage.Format.Format_Grayscale8).copy()
    if pixels.ndim != 3 or pixels.shape[2] != 3 or 0 in pixels.shape:
        return None
    if not pixels.flags.c_contiguous:
        pixels = np.ascontiguousarray(pixels)
        height, width, _ = pixels.shape
        return QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_BGR888).copy()
    height, width, _ = pixels.shape
    return QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_BGR888)
