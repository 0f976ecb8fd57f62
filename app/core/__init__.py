"""What every area stands on. Knows no area, no page and no person."""
