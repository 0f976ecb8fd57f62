"""What the benches are made of: one file a figure."""
