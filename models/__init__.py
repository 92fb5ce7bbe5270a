"""Tables, transactions, the writer."""

import models.rounds  # noqa: F401 - its tables belong to the metadata
