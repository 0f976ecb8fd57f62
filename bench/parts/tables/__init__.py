"""The figures of the business database, a file a subject."""
