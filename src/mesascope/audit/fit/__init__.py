"""Does a world show an agent what it was trained on?"""
