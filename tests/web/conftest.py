"""The console and the pages for phones for every test of this folder."""

from tests.web.desk import desk
from tests.web.estate import estate
from tests.web.town import town

__all__ = ["desk", "estate", "town"]
