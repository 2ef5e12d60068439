"""`main.py replay season`: a season shaped like the published one, over HTTP, by a load generator."""
