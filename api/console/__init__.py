"""The operators' console: what an operator does, in a browser. It knows the admin schema over HTTP and nothing else."""
