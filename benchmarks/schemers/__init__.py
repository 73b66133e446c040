"""Models of schemers that claims are measured on, beside the exact ones in `mesascope.theory`."""
