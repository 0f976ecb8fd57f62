"""Access reviews (権限の棚卸し): who has what, confirmed or withdrawn line by line (METI-46)."""
