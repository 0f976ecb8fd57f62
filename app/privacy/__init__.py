"""Personal data: told to whom it is about, erased in every place, kept no longer than wanted."""
