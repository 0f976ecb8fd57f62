"""The console's side of backup and restore: it asks the machine's agent, and tells the history."""
