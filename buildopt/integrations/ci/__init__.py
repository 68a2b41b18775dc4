"""What CI systems are told about runs: a view, and one renderer for each form."""
