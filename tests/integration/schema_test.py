#!/usr/bin/env python3
"""The JSON Schemas for editors (deploy/schema) say what the broker's own reader says.

Goal: they cannot drift apart. What the reader knows is asked of the reader: it names the keys of every mapping,
the words of every closed set, and which keys are missing; values of every kind are put to both. Uses the programs
in VDR_BUILD (default build/debug).
"""

import copy
import glob
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest

import jsonschema
import yaml

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
VOORDEUR = os.path.join(os.environ.get("VDR_BUILD", os.path.join(SOURCE, "build", "debug")), "clients", "cli", "voordeur")
FILES = ("town", "catalogue", "rules")
CONFORMANCE = os.path.join(SOURCE, "tests", "conformance")
# Errors of the conformance cases that one file alone shows, by the shape of its values.
SHAPE_ERRORS = {"01-unknown-key", "02-unknown-key-in-rule", "03-wrong-type", "04-wrong-type-list", "05-missing-key",
                "09-bad-duration", "10-bad-clock", "11-bad-source", "12-type-of-a-command", "18-unknown-kind", "19-severity-out-of-range",
                "24-case-without-priority", "25-priority-on-watch", "26-empty-at-least", "27-number-below-one",
                "34-no-coordinator"}
# What no schema sees, since it is no YAML that may be: told by the reader of YAML.
NOT_YAML = {"06-key-twice", "07-anchor", "08-bad-yaml"}


class Core(yaml.SafeLoader):
    """Scalars as YAML 1.2 reads them: as editors do. No dates, and yes is a text."""


Core.yaml_implicit_resolvers = {}
for tag, pattern, first in (("null", r"^(null|~|)$", list("n~") + [""]), ("bool", r"^(true|false)$", list("tf")),
                            ("int", r"^[-+]?[0-9]+$", list("-+0123456789")),
                            ("float", r"^[-+]?[0-9]+\.[0-9]*$", list("-+0123456789"))):
    Core.add_implicit_resolver("tag:yaml.org,2002:" + tag, re.compile(pattern), first)


def schema_of(name):
    with open(os.path.join(SOURCE, "deploy", "schema", name + ".schema.json"), encoding="utf-8") as f:
        return json.load(f)


SCHEMAS = {name: schema_of(name) for name in FILES}
VALIDATORS = {name: jsonschema.Draft202012Validator(schema) for name, schema in SCHEMAS.items()}


def read(folder):
    town = {}
    for name in FILES:
        with open(os.path.join(folder, name + ".yaml"), encoding="utf-8") as f:
            town[name] = yaml.load(f, Loader=Core)
    return town


# Every key that there is.
FULL = {
    "town": {
        "municipality": "GM9901",
        "identity": {"address_match": "join", "max_persons": 12, "excluded_addresses": ["9901200000009999"]},
        "clocks": {"future": "10m", "late": "60d", "cooldown": "90d", "sticky": "730d", "retry": "1h", "retain_cases": "9d",
                   "accept": {"urgent": "4h", "high": "1d", "normal": "3d"}},
        "may_combine": [["youth", "care"]],
        "agencies": [{"id": "a", "kind": "school", "source": "urn:a", "sees_match": True,
                      "convenant": {"id": "c-1", "from": "2026-01-01T00:00:00Z", "until": "2027-01-01T00:00:00Z"}}],
        "services": [{"id": "s", "domains": ["*", "education"]}],
        "regisseurs": [{"id": "r", "districts": ["BU99", "*"], "capacity": 1, "hard_capacity": 2, "expertise": ["education"],
                        "absent": [{"from": "2026-07-01T00:00:00Z", "to": "2026-07-22T00:00:00Z"}]}],
        "coordinators": ["c"], "privacy_officers": ["p"], "processing_activity": "urn:example:verwerking:1",
        "guards": [{"id": "g", "agency": "a", "kind": "school", "type": "t", "count": "persons", "same": "address", "per": "1h", "max": 9,
                    "then": "refuse"}],
    },
    "catalogue": {
        "domains": {"education": "youth"},
        "types": {"t": {"domain": "education", "agencies": ["school"], "severity": 2, "kind": "event", "counts_for": "60d",
                        "retain": "90d", "purpose": "youth", "legal_basis": "X", "follow_up": "9d",
                        "processing_activity": "https://register.example/verwerkingen/12", "title": "Verzuim gemeld"},
                  "u": {"domain": "education", "agencies": ["school"], "severity": 2, "kind": "event", "counts_for": "60d",
                        "retain": "90d", "purpose": "care", "legal_basis": "X"}},
    },
    "rules": {
        "rules": [{"id": "x", "text": "x", "level": "case", "priority": "high", "purposes": ["youth", "care"], "over": "9d",
                   "where": {"types": ["t"], "domains": ["education"], "agencies": ["school"], "roles": ["youth"],
                             "min_severity": 1},
                   "at_least": {m: 1 for m in ("signals", "domains", "agencies", "persons", "core_areas", "types", "days",
                                               "overdue")},
                   "spread": "1d", "within_same": "domain"},
                  {"id": "y", "text": "y", "level": "watch", "purposes": ["youth"], "at_least": {"signals": 1}}],
    },
}


def judged(town):
    """What the reader says: its messages, in order."""
    folder = tempfile.mkdtemp(prefix="schema-")
    try:
        for name in FILES:
            with open(os.path.join(folder, name + ".yaml"), "w", encoding="utf-8") as f:
                json.dump(town[name], f, ensure_ascii=False)  # JSON is YAML
        done = subprocess.run([VOORDEUR, "rules", "check", "--json", folder], stdout=subprocess.PIPE, timeout=60)
        told = json.loads(done.stdout.decode())
        return [e["message"] for e in told.get("errors", [])]
    finally:
        shutil.rmtree(folder)


def resolved(schema, name):
    while "$ref" in schema:
        schema = SCHEMAS[name]["$defs"][schema["$ref"].split("/")[-1]]
    return schema


def walk(name):
    """Every value of FULL with its path and its schema; one of each place in the schema."""
    todo = [((), FULL[name], SCHEMAS[name])]
    while todo:
        path, value, schema = todo.pop(0)
        schema = resolved(schema, name)
        yield path, value, schema
        if isinstance(value, dict) and "properties" in schema:
            todo += [(path + (key,), inner, schema["properties"][key]) for key, inner in value.items()]
        elif isinstance(value, dict) and value:  # names of the town's own: the first stands for all
            key = next(iter(value))
            todo.append((path + (key,), value[key], schema["additionalProperties"]))
        elif isinstance(value, list) and value:
            todo.append((path + (0,), value[0], schema["items"]))


def changed(name, path, value):
    town = copy.deepcopy(FULL)
    if not path:
        town[name] = value
        return town
    at = town[name]
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    return town


def closed_words(schema):
    return schema.get("enum")


class Schemas(unittest.TestCase):
    def test_they_are_schemas(self):
        for name in FILES:
            jsonschema.Draft202012Validator.check_schema(SCHEMAS[name])

    def test_what_is_right_validates(self):
        towns = [FULL] + [read(os.path.dirname(p)) for p in
                          sorted(glob.glob(os.path.join(SOURCE, "deploy", "*", "rules.yaml")) +
                                 glob.glob(os.path.join(CONFORMANCE, "[0-9]*", "rules.yaml")) +
                                 glob.glob(os.path.join(SOURCE, "tests", "golden", "publish", "*", "rules.yaml")))]
        self.assertGreater(len(towns), 55)
        self.assertEqual(judged(FULL), [])
        for i, town in enumerate(towns):
            for name in FILES:
                errors = [e.message for e in VALIDATORS[name].iter_errors(town[name])]
                self.assertEqual(errors, [], (i, name))

    def test_every_type_of_our_towns_has_a_title_of_its_own(self):
        """The pages show it instead of the type's name."""
        for path in sorted(glob.glob(os.path.join(SOURCE, "deploy", "*", "catalogue.yaml"))):
            titles = [t.get("title", "") for t in read(os.path.dirname(path))["catalogue"]["types"].values()]
            self.assertTrue(all(titles), path)
            self.assertEqual(len(titles), len(set(titles)), path)

    def test_what_is_wrong_by_its_shape_does_not(self):
        cases = sorted(os.listdir(os.path.join(CONFORMANCE, "config-errors")))
        self.assertLess(SHAPE_ERRORS | NOT_YAML, set(cases))
        for case in cases:
            if case in NOT_YAML:
                continue
            town = read(os.path.join(CONFORMANCE, "config-errors", case))
            wrong = [name for name in FILES if not VALIDATORS[name].is_valid(town[name])]
            with open(os.path.join(CONFORMANCE, "config-errors", case, "expected.txt"), encoding="utf-8") as f:
                file = f.readline().split(".")[0]
            self.assertEqual(wrong, [file] if case in SHAPE_ERRORS else [], case)

    def test_every_mapping_has_the_keys_that_the_reader_knows(self):
        unknown = "qqqqqqqqqqqqqqqqqqqqqqqq"
        count = 0
        for name in FILES:
            for path, value, schema in walk(name):
                if not isinstance(value, dict) or "properties" not in schema:
                    continue
                town = changed(name, path, dict(value, **{unknown: 1}))
                told = [m for m in judged(town) if m.startswith(unknown + ": unknown key; known here: ")]
                self.assertEqual(len(told), 1, (name, path))
                known = told[0].split("known here: ")[1].split(", ")
                self.assertEqual(set(known), set(schema["properties"]), (name, path))
                self.assertFalse(VALIDATORS[name].is_valid(town[name]))
                self.assertEqual(set(known), set(value), "FULL does not have every key")
                count += 1
        self.assertEqual(count, 16)

    def test_a_key_that_is_missing_is_missing_for_both(self):
        for name in FILES:
            for path, value, schema in walk(name):
                if not isinstance(value, dict) or "properties" not in schema:
                    continue
                for key in value:
                    town = changed(name, path, {k: v for k, v in value.items() if k != key})
                    told = any(m.startswith(key + ": this key is missing") for m in judged(town))
                    self.assertEqual(told, not VALIDATORS[name].is_valid(town[name]), (name, path, key))

    def test_closed_words_are_those_of_the_reader(self):
        count = 0
        for name in FILES:
            for path, _, schema in walk(name):
                if closed_words(schema) is None:
                    continue
                told = [m for m in judged(changed(name, path, "qqqq")) if "expected one of " in m]
                self.assertEqual(len(told), 1, (name, path))
                words = re.search(r"expected one of (.*), found", told[0]).group(1).split(", ")
                self.assertEqual(words, closed_words(schema), (name, path))
                count += 1
        self.assertEqual(count, 8)

    def test_values_are_right_or_wrong_for_both(self):
        bank = ["", "a", "a b", "A.b_c-9", "é", "a" * 128, "a" * 129, "*", "urn:a", "urn:voordeur:x", "nl.voordeur.x", "true", True,
                0, 1, 5, 6, 4294967295, 4294967296, -1, 1.5, "0s", "1s", "01d", "1w", "-1d", "1.5d", "36500d", "d", "1 d",
                "9901200000009999", "990120000000999", "2026-07-01T00:00:00Z", "2026-07-01T00:00:00.5Z",
                "2026-07-01T00:00:00z", "2026-07-01 00:00:00Z", "2026-13-01T00:00:00Z", "1969-07-01T00:00:00Z",
                [], {}, ["a"], {"a": "b"}]
        kinds = {}
        for name in FILES:
            for path, value, schema in walk(name):
                if isinstance(value, dict) or isinstance(value, list) or closed_words(schema) is not None:
                    continue
                kinds.setdefault(json.dumps({k: v for k, v in schema.items() if k != "description"}, sort_keys=True),
                                 (name, path, schema))
        self.assertEqual(len(kinds), 13)
        for name, path, schema in kinds.values():
            label = [p for p in path if isinstance(p, str)][-1]
            integer, text = schema.get("type") == "integer", schema.get("type") == "string" or "anyOf" in schema
            validator = jsonschema.Draft202012Validator(dict(schema, **{"$defs": SCHEMAS[name].get("$defs", {})}))
            for value in bank:
                # A schema knows integers and texts apart, the reader takes a scalar as its key asks: an integer in
                # quotes, or a name of digits, is a warning of the editor and no error.
                if (integer and isinstance(value, str)) or (text and isinstance(value, (bool, int, float))) or \
                        (schema.get("type") == "boolean" and value == "true"):
                    continue
                told = judged(changed(name, path, value))
                wrong = any(re.match(r"(%s|types): (expected |urn:voordeur:)" % re.escape(label), m) for m in told) or \
                    any("are commands, not signals" in m for m in told)
                self.assertEqual(wrong, not validator.is_valid(value), (name, path, value, told[:3]))

    def test_lists_and_mappings_are_so_for_both(self):
        for name in FILES:
            for path, value, _ in walk(name):
                if not isinstance(value, (dict, list)):
                    continue
                for other in ("a", [] if isinstance(value, dict) else {}):
                    town = changed(name, path, other)
                    self.assertTrue(any("expected a " in m for m in judged(town)), (name, path, other))
                    self.assertFalse(VALIDATORS[name].is_valid(town[name]), (name, path, other))


class RuleTests(unittest.TestCase):
    """The same for the files of rules test, which have a reader of their own."""

    SCHEMA = schema_of("tests")
    VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
    SIGNAL = {"signal": "s", "type": "nl.onderwijs.verzuim-gemeld.v1", "household": "A"}
    EXPECTS = [{"case": "A", "rule": "serious", "state": "offered", "priority": "high", "regisseur": "none", "signals": ["s"]},
               {"regular": "s", "service": "wijkteam"}, {"attached": "s"}, {"proposed": "s"}, {"refused": "s", "code": "too_old"},
               {"overdue": "s"}, {"holds": "A", "rule": "serious"}, {"latch": "A", "rule": "serious"}, {"watch": "A", "rule": "serious"},
               {"match": "politie", "rule": "serious", "agencies": ["politie"]},
               {"message": "overdue", "to": "coordinator:c-piet", "signal": "s"}, {"review": ["A", "B"]}, {"same": ["A", "B"]}]
    STEPS = [dict(SIGNAL, at="1d", agency="politie", role="youth", persons=["B", {"name": "C", "role": "x"}], address="a", district="d",
                  severity=3, ago="0d", supersedes="r", act_before="1d"),
             {"advance": "1d", "withdraw": "s"}, {"end": "s"}, {"feedback": "s", "result": "x"}, {"accept": "A"}, {"decline": "A"},
             {"dismiss": "A"}, {"close": "A"}, {"assign": "A", "to": "r-anna"}]

    def faults(self, file):
        with tempfile.NamedTemporaryFile("w", suffix=".yaml", encoding="utf-8") as f:
            json.dump(file, f)
            f.flush()
            done = subprocess.run([VOORDEUR, "rules", "test", f.name], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
            return [line for line in done.stderr.decode().splitlines() if line.startswith(f.name)]

    def file(self, steps):
        return {"config": os.path.join(SOURCE, "deploy", "example"), "tests": [{"name": "a", "steps": steps}]}

    def test_what_is_right_is_right_for_both(self):
        for path in glob.glob(os.path.join(SOURCE, "deploy", "*", "tests", "*.yaml")) + \
                [os.path.join(SOURCE, "tests", "golden", "failing", "rules.yaml")]:
            with open(path, encoding="utf-8") as f:
                self.assertEqual([e.message for e in self.VALIDATOR.iter_errors(yaml.load(f, Loader=Core))], [], path)
        file = self.file([dict(s, expect=self.EXPECTS[:6], expect_not=self.EXPECTS[6:]) for s in self.STEPS])
        file["begin"] = "2026-01-01T00:00:00Z"
        self.assertEqual([e.message for e in self.VALIDATOR.iter_errors(file)], [])
        self.assertEqual(self.faults(file), [])

    def test_what_is_wrong_is_wrong_for_both(self):
        good = {"expect": [{"case": "A"}]}
        wrong = [{"at": "1d", "advance": "1d"}, {"at": 1}, {"at": "1w"}, {"signal": "s"}, dict(self.SIGNAL, withdraw="s"),
                 {"accept": "A", "close": "A"}, {"accept": "A", "severity": 3}, {"result": "x"}, {"assign": "A"}, {"to": "r-anna"},
                 dict(self.SIGNAL, severity=6), dict(self.SIGNAL, persons=[{"role": "x"}]), dict(self.SIGNAL, persons=[{"name": "x", "age": "3"}]),
                 {"signal": "s", "type": self.SIGNAL["type"], "role": "youth"}, {"signl": "s"}, {"signal": ["s"]}, {"withdraw": ""},
                 {"withdraw": "s" * 257}, {"expect": {}}, {"expect": [{}]}, {"expect": [{"rule": "serious"}]},
                 {"expect": [{"case": "A", "watch": "A"}]}, {"expect": [{"holds": "A"}]}, {"expect": [{"latch": "A"}]},
                 {"expect": [{"regular": "s", "rule": "serious"}]}, {"expect": [{"case": "A", "state": "open"}]},
                 {"expect": [{"same": ["A"]}]}, {"expect": [{"review": "A"}]}, {"expect": [{"case": "A", "signals": "s"}]}]
        for step in wrong:
            file = self.file([dict(good, **step)])
            self.assertFalse(self.VALIDATOR.is_valid(file), step)
            self.assertNotEqual(self.faults(file), [], step)
        self.assertFalse(self.VALIDATOR.is_valid(self.file([])))
        self.assertNotEqual(self.faults(self.file([])), [])

    def test_every_mapping_has_the_keys_that_the_reader_knows(self):
        unknown = "q" * 24
        places = [(lambda f: f, self.SCHEMA), (lambda f: f["tests"][0], self.SCHEMA["properties"]["tests"]["items"]),
                  (lambda f: f["tests"][0]["steps"][0], self.SCHEMA["$defs"]["step"]),
                  (lambda f: f["tests"][0]["steps"][0]["expect"][0], self.SCHEMA["$defs"]["expect"]),
                  (lambda f: f["tests"][0]["steps"][0]["persons"][0], self.SCHEMA["$defs"]["step"]["properties"]["persons"]["items"]["anyOf"][1])]
        for at, schema in places:
            file = self.file([dict(self.SIGNAL, persons=[{"name": "B"}], expect=[{"case": "A"}])])
            at(file)[unknown] = 1
            told = [f for f in self.faults(file) if "unknown key; known here: " in f]
            self.assertEqual(len(told), 1)
            self.assertEqual(set(told[0].split("known here: ")[1].split(", ")), set(schema["properties"]))
            self.assertFalse(self.VALIDATOR.is_valid(file))


if __name__ == "__main__":
    unittest.main()
