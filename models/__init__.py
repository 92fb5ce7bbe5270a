"""Tables, transactions, the writer."""

import models.logs  # noqa: F401 - its tables belong to the metadata
