"""Learned algorithms that learn within an episode: do they, by which algorithm, for what, and under which shifts?"""
