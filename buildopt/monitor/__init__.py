"""What `buildopt monitor` runs: the index of the journal, plugins, sources, health, one server."""
