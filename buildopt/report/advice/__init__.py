"""What a report suggests: each with its evidence, and what it would gain."""
