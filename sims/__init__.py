"""What happens: pure functions of a key and a setting that return measurements, blind to the bounds."""

import theory as _theory  # noqa: F401  (switches float64 on before any array is made)
