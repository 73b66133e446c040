"""Reports as JSON, HTML, terminal text and figures."""
