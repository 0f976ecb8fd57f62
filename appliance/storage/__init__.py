"""The disks of the machine: looked at, mirrored, taken in (S1)."""
