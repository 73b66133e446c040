"""Reports as JSON: written, published as a schema, and read back."""
