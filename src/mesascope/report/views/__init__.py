"""What a report shows, as plain records: no markup, no drawing, no width of a terminal."""
