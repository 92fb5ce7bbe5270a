"""Tables, transactions, the writer."""

import models.rights  # noqa: F401 - its tables belong to the metadata
