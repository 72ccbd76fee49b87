"""openapi.json as a test sees it: which operation a request is of, whether an answer is as described, and requests that
are made from the schemas, good and bad."""

import copy
import json
import pathlib
import random
import re

import jsonschema

API = json.loads((pathlib.Path(__file__).resolve().parents[2] / "clients" / "gateway" / "openapi.json")
                 .read_text(encoding="utf-8"))
PROBLEM = "application/problem+json"


def resolve(node):
    while "$ref" in node:
        at = API
        for part in node["$ref"][2:].split("/"):
            at = at[part]
        node = {**at, **{k: v for k, v in node.items() if k != "$ref"}}
    return node


class Operation:
    def __init__(self, path, method, text, base):
        self.path, self.method, self.text = base + path, method.upper(), text
        self.roles = text["x-roles"] or None
        self.ident = text["operationId"]
        self.parameters = [resolve(p) for p in text.get("parameters", [])]
        self.bodies = text.get("requestBody", {}).get("content", {})

    @property
    def name(self):
        return f"{self.method} {self.path}"

    def example(self):
        """(body, media type) of the description's example; None: it takes no body."""
        for media, content in self.bodies.items():
            return copy.deepcopy(content["example"]), media
        return None, None


def operations():
    for path, item in API["paths"].items():
        base = item["servers"][0]["url"].rstrip("/") if "servers" in item else API["servers"][0]["url"]
        for method in ("get", "post", "put", "delete"):
            if method in item:
                yield Operation(path, method, item[method], base)


_validators = {}


def faults(schema, value):
    """What is wrong with value, in words."""
    key = json.dumps(schema, sort_keys=True)
    if key not in _validators:
        _validators[key] = jsonschema.Draft202012Validator({**schema, "components": API["components"]})
    return [f"/{'/'.join(map(str, e.absolute_path))}: {e.message[:300]}" for e in _validators[key].iter_errors(value)]


def check(operation, reply):
    """Is the answer as the description says? Raises what is not."""
    where = f"{operation.name}: {reply.status}"
    if str(reply.status) not in operation.text["responses"]:
        raise AssertionError(f"{where} is not described; {reply.body[:300]!r}")
    described = resolve(operation.text["responses"][str(reply.status)])
    if reply.header("api-version") != API["info"]["version"]:
        raise AssertionError(f"{where}: API-Version is {reply.header('api-version')!r}")
    if reply.header("demonstration"):
        raise AssertionError(f"{where}: it is no demonstration")
    kind = reply.header("content-type").split(";")[0]
    content = described.get("content")
    if content is None:
        if reply.body:
            raise AssertionError(f"{where}: a body, and none is described")
        return
    if kind not in content:
        raise AssertionError(f"{where}: {kind!r} is not described")
    if kind.endswith("json"):
        wrong = faults(content[kind]["schema"], reply.json)
        if wrong:
            raise AssertionError(f"{where}: {wrong[:5]} in {reply.body[:600]!r}")
    if kind == PROBLEM and (reply.json["status"] != reply.status or
                            reply.json["type"] != "/problems/" + reply.json["code"]):
        raise AssertionError(f"{where}: {reply.json}")
    for name in ("Retry-After", "Allow", "ETag", "Location"):
        if name in described.get("headers", {}) and name in ("Retry-After", "Allow") and not reply.header(name.lower()):
            raise AssertionError(f"{where}: no {name}")


# ---- Good values

SAMPLES = {"^C": "C1", "^H": "H1", "^[0-9]{9}$": "999990342", "^[0-9]{16}$": "9901200000000012",
           "^[a-z_]+:.+$": "agency:school", "^[1-9][0-9]*[smhd]$": "30d", "^application/": "application/json",
           "^[0-9a-zA-Z.:": "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID",
           "^[0-9]{4}-": "2026-03-02T09:00:00Z"}
PLAIN = "^[^\\u0000-\\u001F"  # how patterns of texts without controls begin
TEXTS = ["Sam", "een zin met \"aanhalingstekens\" en \\", "Zoë 漢字 😀", "a", "tab\tregel\nnieuw", "</script>"]


def good(schema, dice, all_members):
    """A value that fits the schema."""
    schema = resolve(schema)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return dice.choice(schema["enum"])
    kind = schema.get("type")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        members = {}
        for name, member in schema.get("properties", {}).items():
            if name in schema.get("required", []) or (all_members and dice.random() < 0.7):
                members[name] = good(member, dice, all_members)
        return members
    if kind == "array":
        least = schema.get("minItems", 0)
        return [good(schema["items"], dice, all_members) for _ in range(max(least, dice.randrange(3)))]
    if kind == "integer":
        return dice.randint(schema.get("minimum", 0), min(schema.get("maximum", 10), schema.get("minimum", 0) + 4))
    if kind == "boolean":
        return dice.random() < 0.5
    for begin, sample in SAMPLES.items():
        if schema.get("pattern", "").startswith(begin):
            return sample
    if schema.get("format") == "date-time":
        return dice.choice(["2026-03-02T09:00:00Z", "2026-03-02T10:00:00.25+01:00"])
    if schema.get("format") == "uri":
        return "https://voordeur.example/schema"
    text = dice.choice([t for t in TEXTS if re.search(schema.get("pattern", ""), t)])
    least, most = schema.get("minLength", 0), schema.get("maxLength", 100)
    return (text + "x" * (least - len(text)))[:most]


# ---- Bad values

def bad(schema, value, at=""):
    """(pointer, code or None, value) of bodies that are each wrong in one place."""
    schema = resolve(schema)
    if schema.get("type") != "object" or not isinstance(value, dict):
        return
    for name in schema.get("required", []):
        if name in value:
            yield f"{at}/{name}", "required", {k: v for k, v in value.items() if k != name}
    if schema.get("additionalProperties") is False:
        yield f"{at}/Extra~1member", "unknown_member", {**value, "Extra/member": 1}
    for name, member in schema.get("properties", {}).items():
        for wrong, code in bad_values(resolve(member)):
            yield f"{at}/{name}", code, {**value, name: wrong}
        if name in value and isinstance(value[name], dict):
            for pointer, code, inner in bad(member, value[name], f"{at}/{name}"):
                yield pointer, code, {**value, name: inner}
        if name in value and isinstance(value[name], list) and value[name] and "items" in resolve(member):
            for pointer, code, inner in bad(resolve(member)["items"], value[name][0], f"{at}/{name}/0"):
                yield pointer, code, {**value, name: [inner, *value[name][1:]]}


def bad_values(schema):
    kinds = schema.get("type") if isinstance(schema.get("type"), list) else [schema.get("type", "string")]
    if "string" in kinds:
        yield 17, "wrong_type"
        yield ["x"], "wrong_type"
    if "integer" in kinds:
        yield "7", "wrong_type"
        yield 1.5, "wrong_type"
        if "minimum" in schema and "maximum" in schema:
            yield schema["minimum"] - 1, None
    if "array" in kinds:
        yield {"a": 1}, "wrong_type"
        if schema.get("minItems"):
            yield [], "too_short"
        if schema.get("maxItems", 9999) <= 100:
            yield [good(schema["items"], random.Random(1), False)] * (schema["maxItems"] + 1), "too_long"
    if "object" in kinds:
        yield "text", "wrong_type"
    if "null" not in kinds:
        yield None, "wrong_type"
    plain = schema.get("pattern", "").startswith(PLAIN)
    if plain:
        for text in ("een\x1b[2J", "\x7f", "\x85x", "\ufdd0", "\uffff"):
            yield text, "bad_character"
    if "enum" in schema:
        yield "another word", "bad_value"
    elif "string" in kinds and "pattern" in schema and not plain:
        yield "!", None
    elif "string" in kinds and schema.get("format") == "date-time":
        for text in ("yesterday", "2026-03-02", "2026-03-02T09:00:00", "2026-03-02t09:00:00z",
                     "2026-03-02T09:00:00-00:00", "2026-13-02T09:00:00Z", "1969-03-02T09:00:00Z"):
            yield text, "bad_instant"
    elif "string" in kinds:
        if schema.get("minLength"):
            yield "", "too_short"
        if schema.get("maxLength", 10**9) <= 1024:
            yield "é" * (schema["maxLength"] + 1), "too_long"


def path_of(operation, values):
    """The path with values in its parameters."""
    return re.sub(r"\{([a-z]+)\}", lambda m: str(values[m.group(1)]), operation.path)
