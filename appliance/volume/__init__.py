"""The encrypted volume of what the machine keeps: who opens it at a start."""
