"""From the document to the machine: planned, applied, confirmed or taken back."""
