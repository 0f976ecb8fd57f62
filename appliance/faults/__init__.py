"""Faults around the machine that it finds by itself: looked for all the time, told until over."""
