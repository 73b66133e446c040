"""The ground-truth bank: agents of which it is known whether they search, and how far."""
