"""What the parts of the model share."""

PRIORITIES = ["normal", "high", "urgent"]
OPEN = ("unassigned", "offered", "active")
DAY = 86400000


class Refused(Exception):
    """A verdict that is not accepted."""


class Thing:
    def __init__(self, **members):
        self.__dict__.update(members)
