"""The only user of PySide6."""
