"""What people see: the console of the administrators and the workspace of everybody else."""

import gc

gc.set_threshold(50_000, 10, 10)  # looking for garbage took a seventh of what modules take to load
