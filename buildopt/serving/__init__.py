"""What a service serves, told in sums: for the middleware and for followers of access logs."""
