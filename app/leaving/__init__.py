"""Leaving: what a person holds ends, or passes on, on the night after their last day."""
