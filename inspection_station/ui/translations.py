"""Qt's own texts (context menus of text fields) in the officer's language."""

from __future__ import annotations

import logging

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator

_log = logging.getLogger(__name__)


class QtTexts:
    """Holds the translator of Qt's own texts; ``install`` replaces it when the language changes."""

    def __init__(self) -> None:
        self._translator: QTranslator | None = None

    def install(self, language: str) -> bool:
        """Install ``qtbase_LANGUAGE``; False where this Qt has no such file (English needs none)."""
        application = QCoreApplication.instance()
        if application is None:
            return False
        if self._translator is not None:
            QCoreApplication.removeTranslator(self._translator)
            self._translator = None
        QLocale.setDefault(QLocale(language))
        translator = QTranslator(application)
        folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
        if not translator.load(f"qtbase_{language}", folder):
            _log.info("no texts of Qt's own for %s", language)
            return False
        QCoreApplication.installTranslator(translator)
        self._translator = translator
        return True
