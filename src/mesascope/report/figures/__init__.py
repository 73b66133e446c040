"""Pictures of a report, from views alone."""
