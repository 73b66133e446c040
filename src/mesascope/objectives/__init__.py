"""What is optimized: objectives over named attributes."""
