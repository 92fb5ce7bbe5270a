"""The console and the pages for phones for every test of this folder."""

from tests.web.busy import busy, busy_template
from tests.web.desk import desk
from tests.web.estate import estate
from tests.web.town import town

__all__ = ["busy", "busy_template", "desk", "estate", "town"]
