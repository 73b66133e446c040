"""The three questions, asked blind: this room imports neither training nor organisms."""
