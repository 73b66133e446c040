"""Is it aligned, and in which way?"""
