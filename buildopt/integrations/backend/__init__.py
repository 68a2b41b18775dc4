"""A build backend of Python that answers the hooks of another one: start at `hook.py`."""
