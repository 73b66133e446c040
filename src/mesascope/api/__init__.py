"""What the command line does, from Python: one function for each verb, with typed results."""
