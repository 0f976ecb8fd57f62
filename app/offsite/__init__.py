"""The history off the machine: receivers, folders and people who get it, and how far each is."""
