"""The workspace: the plane of staff, and later of customers and visitors."""
