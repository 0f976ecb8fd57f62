"""What a machine is told before its first start: a file on a second disk, or OVF properties."""
