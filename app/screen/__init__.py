"""The machine's own screen: what stands on it, and the desk behind it."""
