"""The configuration of a town as plain dictionaries: a reader for the YAML that the tests write.

Only what the conformance cases, Zomerdal and generate.py use: block mappings and sequences, flow ones over any
number of lines, plain and double-quoted scalars, comments. Scalars stay text. Nothing is judged here: whether
a configuration is right is tested elsewhere; this model is only given right ones.
"""

import os
import re

DURATION = re.compile(r"^(\d+)([smhd])$")
UNIT_MS = {"s": 1000, "m": 60000, "h": 3600000, "d": 86400000}


class Flow:
    """A value that begins with a bracket or a quote: characters, wherever the line ends are."""

    def __init__(self, text):
        self.text, self.at = text, 0

    def blank(self):
        while self.at < len(self.text) and self.text[self.at] in " \n":
            self.at += 1

    def value(self):
        self.blank()
        c = self.text[self.at]
        if c == "[":
            return self.sequence()
        if c == "{":
            return self.mapping()
        return self.scalar()

    def sequence(self):
        values = []
        self.at += 1
        while True:
            self.blank()
            if self.text[self.at] == "]":
                self.at += 1
                return values
            values.append(self.value())
            self.blank()
            if self.text[self.at] == ",":
                self.at += 1

    def mapping(self):
        values = {}
        self.at += 1
        while True:
            self.blank()
            if self.text[self.at] == "}":
                self.at += 1
                return values
            key = self.scalar()
            self.blank()
            assert self.text[self.at] == ":", self.text[self.at:]
            self.at += 1
            values[key] = self.value()
            self.blank()
            if self.text[self.at] == ",":
                self.at += 1

    def scalar(self):
        if self.text[self.at] == '"':
            end = self.text.index('"', self.at + 1)
            value = self.text[self.at + 1:end]
            assert "\\" not in value, value
            self.at = end + 1
            return value
        end = self.at
        while end < len(self.text) and self.text[end] not in ",]}\n" and not self.text[end:end + 2] in (": ", ":\n"):
            end += 1
        value = self.text[self.at:end].rstrip()
        self.at = end
        return value


def without_comment(line):
    quoted = False
    for i, c in enumerate(line):
        if c == '"':
            quoted = not quoted
        elif c == "#" and not quoted and (i == 0 or line[i - 1] == " "):
            return line[:i].rstrip()
    return line.rstrip()


class Block:
    """Lines with an indent each. A sequence of mappings is read by taking "- " for two more blanks."""

    def __init__(self, text):
        self.lines = []
        for line in text.split("\n"):
            line = without_comment(line)
            if line.strip():
                self.lines.append([len(line) - len(line.lstrip(" ")), line.strip()])
        self.at = 0

    def value(self, indent):
        text = self.lines[self.at][1]
        if text.startswith("- "):
            return self.sequence(indent)
        if text[0] in "[{\"":
            return self.inline(text)
        return self.mapping(indent)

    def sequence(self, indent):
        values = []
        while self.at < len(self.lines) and self.lines[self.at][0] == indent and \
                self.lines[self.at][1].startswith("- "):
            line = self.lines[self.at]
            rest = line[1][2:].lstrip()
            line[0], line[1] = indent + len(line[1]) - len(rest), rest
            if rest[0] in "[{\"" or ": " not in rest and not rest.endswith(":"):
                values.append(self.inline(rest))
            else:
                values.append(self.mapping(line[0]))
        return values

    def mapping(self, indent):
        values = {}
        while self.at < len(self.lines) and self.lines[self.at][0] == indent:
            key, rest = re.match(r'^("[^"]*"|[^\s:]+):(?:\s+(.*))?$', self.lines[self.at][1]).groups()
            key = key.strip('"')
            if rest:
                values[key] = self.inline(rest)
            else:
                self.at += 1
                values[key] = self.value(self.lines[self.at][0])
        return values

    def inline(self, text):
        """A value on this line; one with brackets may go on over the next lines."""
        self.at += 1
        if text[0] not in "[{\"":
            return text
        while text.count("[") + text.count("{") > text.count("]") + text.count("}"):
            text += "\n" + self.lines[self.at][1]
            self.at += 1
        return Flow(text).value()


def read_yaml(path):
    with open(path, encoding="utf-8") as file:
        block = Block(file.read())
    value = block.value(block.lines[0][0])
    assert block.at == len(block.lines), "%s: not read: %s" % (path, block.lines[block.at][1])
    return value


def ms_of(text):
    number, unit = DURATION.match(text).groups()
    return int(number) * UNIT_MS[unit]


class Settings:
    """The three files of a folder, with numbers and durations as integers and defaults put in."""

    def __init__(self, folder, instant):
        town = read_yaml(os.path.join(folder, "town.yaml"))
        catalogue = read_yaml(os.path.join(folder, "catalogue.yaml"))
        rules = read_yaml(os.path.join(folder, "rules.yaml"))
        self.municipality = town["municipality"]
        self.address_match = town["identity"]["address_match"]
        self.max_persons = int(town["identity"]["max_persons"])
        self.excluded = set(town["identity"].get("excluded_addresses", []))
        self.clocks = {k: ms_of(v) for k, v in town["clocks"].items() if k != "accept"}
        self.clocks.setdefault("retain_cases", ms_of("1825d"))
        self.accept = {k: ms_of(v) for k, v in town["clocks"]["accept"].items()}
        self.may_combine = {frozenset(pair) for pair in town.get("may_combine", [])}
        self.agencies = [dict(a, sees_match=a.get("sees_match", "false") == "true") for a in town["agencies"]]
        for agency in self.agencies:
            if "convenant" in agency:
                agency["convenant"] = tuple(instant(agency["convenant"][k]) for k in ("from", "until"))
        self.guards = [dict(g, per=ms_of(g["per"]), max=int(g["max"])) for g in town.get("guards", [])]
        self.services = town["services"]
        self.regisseurs = [
            dict(r, capacity=int(r["capacity"]), hard_capacity=int(r["hard_capacity"]),
                 expertise=set(r.get("expertise", [])),
                 absent=[(instant(a["from"]), instant(a["to"])) for a in r.get("absent", [])])
            for r in town["regisseurs"]]
        self.coordinators = town["coordinators"]
        self.privacy_officers = town.get("privacy_officers", [])
        self.domains = catalogue["domains"]
        self.types = {}
        for name, t in catalogue["types"].items():
            self.types[name] = dict(t, severity=int(t["severity"]), counts_for=ms_of(t["counts_for"]),
                                    retain=ms_of(t["retain"]),
                                    follow_up=ms_of(t["follow_up"]) if "follow_up" in t else None)
        self.longest_retain = max(t["retain"] for t in self.types.values())
        self.rules = []
        for r in rules["rules"]:
            where = dict(r.get("where", {}))
            if "min_severity" in where:
                where["min_severity"] = int(where["min_severity"])
            self.rules.append(dict(r, where=where, at_least={k: int(v) for k, v in r["at_least"].items()},
                                   over=ms_of(r["over"]) if "over" in r else None,
                                   spread=ms_of(r["spread"]) if "spread" in r else None))
