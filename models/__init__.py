"""Tables, transactions, the writer."""

import models.accounts  # noqa: F401 - its tables belong to the metadata
import models.deeds  # noqa: F401 - its tables belong to the metadata
import models.logs  # noqa: F401 - its tables belong to the metadata
import models.rights  # noqa: F401 - its tables belong to the metadata
import models.round_reports  # noqa: F401 - its tables belong to the metadata, too
import models.rounds  # noqa: F401 - its tables belong to the metadata
