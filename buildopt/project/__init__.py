"""What a folder says about the project in it: how it is built, and which tasks it has."""
