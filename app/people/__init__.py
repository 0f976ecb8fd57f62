"""People in bulk: the personnel department's list, read, compared, applied, handed out again."""
