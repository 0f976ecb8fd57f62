"""What lies on the data volume: sizes, and what can be given back when it is full."""
