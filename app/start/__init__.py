"""How a copy of the appliance starts: prepare, supervise, say what to do next."""
