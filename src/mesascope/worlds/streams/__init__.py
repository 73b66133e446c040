"""Problems in which one learns: a task is drawn, and what it is has to be found out within an episode."""
