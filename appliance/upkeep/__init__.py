"""Work that makes load, done in the hours that the document names."""
