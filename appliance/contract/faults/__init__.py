"""What the machine finds wrong around itself: its clock, its addresses, its edge."""
