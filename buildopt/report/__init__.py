"""What a run was, on one page: events make a view, and each form writes that view."""
