"""What a command reads and writes: the Observer protocol and its ways."""
