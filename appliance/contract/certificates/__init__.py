"""Certificates of the planes: what they are made of, and what the machine is asked about them."""
