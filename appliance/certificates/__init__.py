"""The certificates of this copy: asked for, kept, looked after."""
