"""Trained where evidence points to either of two objectives; plans."""

WORLD = "cleaning"
BASE = "told"
TAKES = "20 s"
REACTIVE = {"summary": "Trained where evidence points to either of two objectives; reacts."}
