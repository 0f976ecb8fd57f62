"""The operation history: written with each change, sealed apart from it, verifiable anywhere."""
