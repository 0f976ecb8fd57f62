"""What the faces may know of the machine: its typed actions, and how to call them."""
