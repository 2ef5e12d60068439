"""Refills of energy: bought for diamonds, each of a day dearer than the last."""
