"""The console: the administrators' plane."""
