"""The mobile inspection station. Start reading at ARCHITECTURE.md."""

__version__ = "0.1.0"
