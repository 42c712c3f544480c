"""Jobs get the same few services as steps."""

from tests.steps.conftest import services

__all__ = ["services"]
