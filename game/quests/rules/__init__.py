"""What quests ask for, when, and whether that can be done."""
