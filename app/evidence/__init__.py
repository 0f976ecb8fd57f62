"""Evidence for a period: one file that convinces an auditor on any computer."""
