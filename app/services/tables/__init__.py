"""Tables that people design: real SQL tables, one way to reach their rows, import, export."""
