"""What is asked and told about the disks of the machine."""
