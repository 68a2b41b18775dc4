"""What joins buildopt with CI systems, build systems and test tools."""
