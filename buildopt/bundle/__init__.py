"""What a build's output is made of: bytes that add up, by file, module and package."""
