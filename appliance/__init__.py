"""The machine: the privileged agent and everything it does to the operating system."""
