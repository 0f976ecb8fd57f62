"""Backup of the whole appliance with Borg, restore from repository and kit alone, verification."""
