"""`main.py simulate season`: bots that play whole seasons through the real actions, over a database of their own."""
