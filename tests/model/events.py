"""One line of input: read, and its shape judged (semantics sections 2, 3 and 9, row 1 of the verdicts)."""

import datetime
import json
import re

INSTANT = re.compile(r"^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?Z$", re.ASCII)
EPOCH = datetime.datetime(1970, 1, 1)
LAST = 253402300799999  # 9999-12-31T23:59:59.999Z

# The members of data, by command: what kind of value each is. A mark ? at the end: may be left out.
COMMANDS = {
    "signal_withdrawn": {"signal": "name", "reason": "text"},
    "signal_ended": {"signal": "name", "occurred_at": "instant?"},
    "feedback": {"signal": "name", "result": "text", "agency": "name?"},
    "case_accepted": {"case": "name"},
    "case_declined": {"case": "name", "reason": "text"},
    "case_dismissed": {"case": "name", "reason": "text"},
    "case_assigned": {"case": "name", "regisseur": "name"},
    "handover_offered": {"case": "name", "to": "name"},
    "handover_accepted": {"case": "name"},
    "case_escalated": {"case": "name", "to": "text", "reason": "text"},
    "plan_set": {"case": "name", "revision": "integer", "goals": "goals"},
    "case_closed": {"case": "name", "outcome": "text"},
    "household_merged": {"into": "name", "from": "name"},
    "household_split": {"household": "name", "persons": "texts?", "addresses": "texts?"},
    "person_moved": {"bsn": "text", "to": "text"},
    "erased": {"household": "name"},
    "conflict_declared": {"regisseur": "name", "household": "name?", "bsn": "text?"},
    "conflict_lifted": {"regisseur": "name", "household": "name?", "bsn": "text?"},
    "objected": {"household": "name?", "signal": "name?", "agency": "name?", "bsn": "text?", "reason": "text",
                 "due": "instant?"},
    "objection_decided": {"household": "name?", "signal": "name?", "agency": "name?", "bsn": "text?",
                          "decision": "decision", "reason": "text"},
    "restricted": {"household": "name?", "signal": "name?", "agency": "name?", "bsn": "text?", "reason": "text"},
    "restriction_lifted": {"household": "name?", "signal": "name?", "agency": "name?", "bsn": "text?",
                           "reason": "text"},
    "erasure_requested": {"household": "name", "reason": "text", "due": "instant?"},
    "erasure_request_withdrawn": {"household": "name", "reason": "text"},
    "hold_placed": {"household": "name", "reason": "text"},
    "hold_confirmed": {"household": "name"},
    "hold_lifted": {"household": "name", "reason": "text"},
    "person_erased": {"household": "name", "bsn": "text"},
    "rectification_requested": {"signal": "name", "agency": "name?", "correction": "text", "due": "instant?"},
    "note_sent": {"case": "name", "text": "text", "agency": "name?", "service": "name?"},
    "note_answered": {"signal": "name", "text": "text", "agency": "name?"},
    "absence_set": {"regisseur": "name", "from": "instant", "to": "instant"},
    "absence_lifted": {"regisseur": "name", "from": "instant", "to": "instant"},
    "review_set_aside": {"household": "name", "other": "name", "reason": "text?"},
}
# Of these exactly one is given.
ONE_OF = {"conflict_declared": ("household", "bsn"), "conflict_lifted": ("household", "bsn"),
          "note_sent": ("agency", "service")}
ONE_OF.update({name: ("household", "signal", "bsn") for name in (
    "objected", "objection_decided", "restricted", "restriction_lifted")})
SIGNAL = {"occurred_at": "instant?", "severity": "integer?", "persons": "persons?", "address": "address?",
          "act_before": "instant?", "supersedes": "name?", "detail": "text?"}


class Integer(int):
    """A number that was written without fraction and exponent."""


def instant(text):
    """Milliseconds, or None."""
    if not isinstance(text, str):
        return None
    m = INSTANT.match(text)
    if not m or "\n" in text:
        return None
    parts = [int(x) for x in m.groups()[:6]]
    if parts[0] < 1970:
        return None
    try:
        moment = datetime.datetime(*parts)
    except ValueError:
        return None
    return (moment - EPOCH) // datetime.timedelta(milliseconds=1) + int(((m.group(7) or "") + "000")[:3])


def instant_text(ms):
    if ms is None:
        return None
    ms = min(ms, LAST)
    moment = EPOCH + datetime.timedelta(milliseconds=ms)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + "%03dZ" % (ms % 1000)


def no_double(pairs):
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a member twice")
    return value


def no_constant(text):
    raise ValueError(text)


def sound(value, depth):
    """No lone surrogate, no U+0000, not too deep."""
    if isinstance(value, str):
        return "\0" not in value and not any(0xD800 <= ord(c) < 0xE000 for c in value)
    if isinstance(value, dict):
        return depth < 64 and all(sound(k, depth) and sound(v, depth + 1) for k, v in value.items())
    if isinstance(value, list):
        return depth < 64 and all(sound(v, depth + 1) for v in value)
    return True


def read_json(line):
    """The value of a line of bytes; None where it is no JSON (or is null, which is as little of an event)."""
    try:
        value = json.loads(line.decode("utf-8"), object_pairs_hook=no_double, parse_int=Integer,
                           parse_constant=no_constant)
    except (ValueError, RecursionError):
        return None
    return value if sound(value, 0) else None


def equality(value):
    """Equal for equal JSON, and only then. Numbers are doubles; true is no number."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return (type(value).__name__, value)
    if isinstance(value, (int, float)):
        return ("number", float(value))
    if isinstance(value, list):
        return ("list", tuple(equality(v) for v in value))
    return ("object", tuple(sorted((k, equality(v)) for k, v in value.items())))


def is_name(value):
    return isinstance(value, str) and 1 <= len(value.encode("utf-8")) <= 256


def is_shape(kind, value):
    if kind == "name":
        return is_name(value)
    if kind == "text":
        return isinstance(value, str)
    if kind == "integer":
        return isinstance(value, Integer) and abs(value) < 2 ** 53
    if kind == "instant":
        return instant(value) is not None
    if kind == "decision":
        return value in ("upheld", "rejected")
    if kind == "texts":
        return isinstance(value, list) and all(isinstance(v, str) for v in value)
    if kind == "address":
        return isinstance(value, dict) and has_members(value, {"bag": "text?", "buurt": "text?"})
    if kind == "persons":
        return isinstance(value, list) and all(
            isinstance(v, dict) and has_members(v, {"bsn": "text", "role": "name?"}) for v in value)
    if kind == "goals":
        goal = {"domain": "text", "text": "text", "owner": "text", "due": "instant", "state": "text"}
        return isinstance(value, list) and all(isinstance(v, dict) and has_members(v, goal) for v in value)
    raise AssertionError(kind)


def has_members(value, members):
    for key in value:
        if key not in members or not is_shape(members[key].rstrip("?"), value[key]):
            return False
    return all(key in value for key, kind in members.items() if not kind.endswith("?"))


class Line:
    """What a line says: always id, source, time and command (None where it has none); event and data where the
    shape is right."""

    def __init__(self, raw):
        event = read_json(raw)
        if not isinstance(event, dict):
            event = {}
        self.id = event.get("id") if is_name(event.get("id")) else None
        self.source = event.get("source") if is_name(event.get("source")) else None
        self.time = instant(event.get("time"))
        self.type = event.get("type") if is_name(event.get("type")) else None
        self.command = None
        if self.type and self.type.startswith("nl.voordeur.") and self.type.endswith(".v1"):
            name = self.type[len("nl.voordeur."):-len(".v1")]
            self.command = name if name in COMMANDS else None
        members = dict(COMMANDS[self.command] if self.command else SIGNAL, municipality="text")
        self.well = (event.get("specversion") == "1.0" and self.id is not None and self.source is not None and
                     self.time is not None and self.type is not None and isinstance(event.get("data"), dict) and
                     has_members(event["data"], members))
        if self.well and self.command in ONE_OF:
            self.well = sum(member in event["data"] for member in ONE_OF[self.command]) == 1
        if self.well and self.command in ("absence_set", "absence_lifted"):
            self.well = instant(event["data"]["from"]) < instant(event["data"]["to"])
        self.data = event.get("data") if self.well else None
        self.equality = equality(event)

    def occurred_at(self):
        given = self.data.get("occurred_at")
        return self.time if given is None else instant(given)


def bsn_good(text):
    if not re.match(r"^[0-9]{9}\Z", text) or text == "000000000":
        return False
    weights = [9, 8, 7, 6, 5, 4, 3, 2, -1]
    return sum(int(c) * w for c, w in zip(text, weights)) % 11 == 0


def bag_good(text):
    return re.match(r"^[0-9]{16}\Z", text) is not None


def buurt_good(text):
    return re.match(r"^BU[0-9A-Z]{8}\Z", text) is not None
