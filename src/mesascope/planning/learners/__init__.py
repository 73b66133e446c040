"""Reference learners: what there is to be learned in a stream, done by paper and pencil, without any network."""
