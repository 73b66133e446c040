"""What the verbs' options may be: one validated type for each kind, and what several verbs ask alike."""
