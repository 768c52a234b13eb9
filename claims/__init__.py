"""Where theory and simulation meet: one file per statement, the checker, the ledger, the report, the command line."""

import theory as _theory  # noqa: F401  (switches float64 on before any array is made)
