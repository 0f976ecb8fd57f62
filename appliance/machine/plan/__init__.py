"""Pure planners: a document and facts in, the files that should be there out."""
