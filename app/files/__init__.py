"""Files that people bring and take away: the spool of uploads, CSV and workbooks as texts."""
