"""Tables, transactions, the writer."""

import models.deeds  # noqa: F401 - its tables belong to the metadata
