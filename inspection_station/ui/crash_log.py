"""Nothing that goes wrong is lost: exceptions, Qt's own messages and hard crashes end in the log, without values."""

from __future__ import annotations

import faulthandler
import logging
import sys
import threading
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler

_log = logging.getLogger(__name__)
_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}


def log_crashes(folder: Path | None) -> None:
    """Install the hooks; with a folder, the stacks of a hard crash go to ``crash.txt`` in it (code places only)."""
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread
    log_qt_messages()
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        faulthandler.enable((folder / "crash.txt").open("w", encoding="ascii"))
    elif not faulthandler.is_enabled() and sys.__stderr__ is not None:
        faulthandler.enable(sys.__stderr__)


def log_qt_messages() -> None:
    """Send what Qt and its plugins have to say to the log instead of standard error."""
    qInstallMessageHandler(_qt_message)


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    # The error's text may hold what a traveller's document said: the kind and the places are enough to find it.
    _log.critical("uncaught %s at %s", kind.__name__, _places(trace))


def _uncaught_in_thread(arguments: threading.ExceptHookArgs) -> None:
    name = arguments.thread.name if arguments.thread is not None else "?"
    _log.critical("uncaught %s in thread %s at %s", arguments.exc_type.__name__, name, _places(arguments.exc_traceback))


def _places(trace: TracebackType | None) -> str:
    places = []
    while trace is not None:
        places.append(f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}")
        trace = trace.tb_next
    return " ".join(places[-8:])


def _qt_message(kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
    _log.log(_LEVELS.get(kind, logging.WARNING), "Qt: %s", message)
