"""Is it an optimizer?"""
