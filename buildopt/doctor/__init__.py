"""What works on this machine: probes find facts, verdicts say what they mean and how to mend."""
