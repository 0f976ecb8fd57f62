"""The machine: the privileged agent and everything it does to the operating system."""

import gc

gc.set_threshold(50_000, 10, 10)  # looking for garbage took a seventh of what modules take to load
