"""Reports as HTML pages, from views and pictures."""
