"""The console's side of the machine. So far its words: those of `appliance.toml`."""
