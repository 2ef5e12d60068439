"""The first screen: everything that the app shows when it opens, in one statement."""
