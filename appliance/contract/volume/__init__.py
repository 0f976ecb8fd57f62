"""What is asked and told about the encrypted volume and who opens it."""
