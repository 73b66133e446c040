"""Trained learners: agents that learn within an episode, their recipes, and sealed labels of what they pursue."""
