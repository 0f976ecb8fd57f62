"""The agent: the process that does what the console may not do itself."""
