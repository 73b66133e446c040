"""Trained organisms of every class of the paper, each class by two recipes, in the cleaning robot's world."""
