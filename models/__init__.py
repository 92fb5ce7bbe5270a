"""Tables, transactions, the writer."""

import models.accounts  # noqa: F401 - its tables belong to the metadata
