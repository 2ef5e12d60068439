"""Quests: what a day, a week or a season asks for, counted from events, and claimed once."""
