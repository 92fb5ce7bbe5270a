"""The console for every test of this folder."""

from tests.web.desk import desk

__all__ = ["desk"]
