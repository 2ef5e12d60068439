"""The check-in: days that pay, streaks, their repair, and the member's zone."""

from game.checkin.actions.audit import audit
from game.checkin.actions.book import read_calendar, streak_of
from game.checkin.actions.checking import CheckedIn, CheckIn, MadeUp, MakeUp, check_in, make_up
from game.checkin.actions.days import Days, open_days
from game.checkin.actions.forgiving import Forgiving, open_forgiving
from game.checkin.actions.reading import count_orders, export_checkins, read_month, read_streaks
from game.checkin.actions.repairing import RepairStreak, StreakRepaired, repair_streaks
from game.checkin.actions.restarting import Restarting, open_restarting
from game.checkin.actions.zones import SetTimezone, TimezoneSet, set_timezones

__all__ = [
    "CheckIn",
    "CheckedIn",
    "Days",
    "Forgiving",
    "MadeUp",
    "MakeUp",
    "RepairStreak",
    "Restarting",
    "SetTimezone",
    "StreakRepaired",
    "TimezoneSet",
    "audit",
    "check_in",
    "count_orders",
    "export_checkins",
    "make_up",
    "open_days",
    "open_forgiving",
    "open_restarting",
    "read_calendar",
    "read_month",
    "read_streaks",
    "repair_streaks",
    "set_timezones",
    "streak_of",
]
