"""The two slots of the machine: which start is a good one, and what it falls back on (V11)."""
