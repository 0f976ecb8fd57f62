"""The one document that says what the machine should be (`appliance.toml`)."""
