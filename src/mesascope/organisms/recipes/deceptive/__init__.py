"""Trained on its own pay-off over lifetimes, under threat; plans."""

WORLD = "cleaning"
BASE = "told"
TAKES = "35 s"
REACTIVE = {"summary": "Trained on its own pay-off over lifetimes, under threat; reacts.", "takes": "40 s"}
