"""What the figures show: one file a figure, `record(tier) -> dict` of plain numbers, stored in results/figures/.

Each file also names its claims (`CLAIMS`). Figures read the stored record and never simulate.
"""
