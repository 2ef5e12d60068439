"""Chests: earned with orders, unlocked by time, opened by rolls that anybody can check."""
