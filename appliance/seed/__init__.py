"""Disks that may hold a seed, read without mounting them; and an image to bring one."""
