"""Tasks: levels, families of levels, and the worlds that come with Mesascope."""
