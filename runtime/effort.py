"""The tiers of effort: `quick` for every run, `full` for records and the long lane."""

from typing import Literal

Tier = Literal["quick", "full"]
