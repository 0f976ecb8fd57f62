"""The one way in: whatever changes or reveals data is an operation (architecture section 3)."""
