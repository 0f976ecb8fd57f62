"""Background jobs that survive a kill: lease, attempts, checkpoint, progress, cancellation."""
