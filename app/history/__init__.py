"""The operation history as people use it: search, one event, export, erasure."""
