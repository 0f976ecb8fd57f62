"""The parts of nginx's configuration, each by itself."""
