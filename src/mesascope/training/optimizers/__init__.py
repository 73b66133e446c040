"""Base optimizers, one a file: its name is the file's, `OPTIMIZER` its class, and its docstring says what it is."""
