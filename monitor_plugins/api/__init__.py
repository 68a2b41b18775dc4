"""How a back end behaves: what its middleware, access logs and endpoints tell."""
