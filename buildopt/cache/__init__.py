"""What was recorded: fingerprints of inputs, traces, entries, artifacts, and their restore."""
