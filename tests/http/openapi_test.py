#!/usr/bin/python3
"""clients/gateway/openapi.json by itself: it is what its sources say, every example fits its schema, and the
NL API Design Rules hold that can be seen in a description. Without a gateway."""

import json
import pathlib
import re
import subprocess
import sys

import jsonschema

ROOT = pathlib.Path(__file__).resolve().parents[2]
GATEWAY = ROOT / "clients" / "gateway"
API = json.loads((GATEWAY / "openapi.json").read_text(encoding="utf-8"))
METHODS = ("get", "post", "put", "delete", "patch", "head", "options")
ROLES = {"agency", "regisseur", "service", "coordinator", "privacy_officer", "operator", "auditor"}

failures = []


def want(good, words):
    if not good:
        failures.append(words)


def resolve(node):
    while isinstance(node, dict) and "$ref" in node:
        at = API
        for part in node["$ref"][2:].split("/"):
            at = at[part]
        node = {**at, **{k: v for k, v in node.items() if k != "$ref"}}
    return node


def walk(node, at=""):
    yield at, node
    if isinstance(node, dict):
        for key, value in node.items():
            yield from walk(value, f"{at}/{key}")
    elif isinstance(node, list):
        for i, value in enumerate(node):
            yield from walk(value, f"{at}/{i}")


def operations():
    for path, item in API["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method], f"{method.upper()} {path}"


def validator(schema):
    return jsonschema.Draft202012Validator({**schema, "components": API["components"]})


def check_references():
    for at, node in walk(API):
        if isinstance(node, dict) and isinstance(node.get("$ref"), str):
            try:
                resolve(node)
            except KeyError:
                want(False, f"{at}: {node['$ref']} is nowhere")
    used = {n["$ref"] for _, n in walk(API) if isinstance(n, dict) and isinstance(n.get("$ref"), str)}
    for group in ("schemas", "responses", "headers"):
        for name in API["components"][group]:
            want(f"#/components/{group}/{name}" in used, f"{group}/{name} is used by nothing")
    for name, schema in API["components"]["schemas"].items():
        jsonschema.Draft202012Validator.check_schema(schema)
        want("description" in resolve(schema), f"schema {name} has no description")


def check_document():
    want(API["openapi"].startswith("3.1"), "OpenAPI 3.1")
    want(re.fullmatch(r"\d+\.\d+\.\d+", API["info"]["version"]), "info.version is SemVer")
    want({"name", "url", "email"} <= set(API["info"]["contact"]), "info.contact has name, url and email")
    want(all(re.search(r"/v\d+$", s["url"]) for s in API["servers"]), "the server's URL ends in the major version")
    want(API["servers"][0]["url"].endswith("/v" + API["info"]["version"].split(".")[0]), "the major version is the URL's")
    want("/openapi.json" in API["paths"] and API["paths"]["/openapi.json"]["get"]["security"] == [],
         "openapi.json is public, at the base path")
    tags = {t["name"] for t in API["tags"]}
    idents = [o["operationId"] for _, _, o, _ in operations()]
    want(len(idents) == len(set(idents)), "operationIds are unique")
    for _, _, o, name in operations():
        want(set(o["tags"]) <= tags, f"{name}: a tag that is not described")
        want(re.fullmatch(r"[a-z][A-Za-z]*", o["operationId"]), f"{name}: operationId in lowerCamelCase")
        want(o.get("summary") and o.get("description"), f"{name}: summary and description")


def check_paths():
    for path in API["paths"]:
        want(re.fullmatch(r"(/(openapi\.json|[a-z0-9]+(-[a-z0-9]+)*|\{[a-z]+\}))+", path),
             f"{path}: kebab-case segments, and no slash at the end")
        segments = path.strip("/").split("/")
        for before, after in zip(segments, segments[1:]):
            if after.startswith("{"):
                want(before.endswith("s"), f"{path}: {before} is a collection: plural")
    for path, method, o, name in operations():
        named = set(re.findall(r"\{([a-z]+)\}", path))
        given = {p["name"] for p in o.get("parameters", []) if p["in"] == "path"}
        want(named == given, f"{name}: the path's parameters are described")
        for p in o.get("parameters", []):
            want(p.get("description"), f"{name}: {p['name']} has no description")
            if p["in"] == "query":
                want(re.fullmatch(r"[a-z][A-Za-z]*", p["name"]), f"{name}: {p['name']} in lowerCamelCase")
                want(p["name"] not in ("bsn", "bag", "address", "person"), f"{name}: no personal data in a URI")
        want(method in ("get", "post", "put", "delete"), f"{name}: another method")
        if method in ("get", "delete"):
            want("requestBody" not in o, f"{name}: a body")


def check_answers():
    for path, _, o, name in operations():
        public = o.get("security") == []
        want(set(o["x-roles"]) <= ROLES, f"{name}: x-roles")
        want(public != bool(o["x-roles"]), f"{name}: roles, or public")
        statuses = set(o["responses"])
        for status, answer in o["responses"].items():
            whole = resolve(answer)
            want("API-Version" in whole["headers"], f"{name} {status}: the header API-Version")
            want("Demonstration" in whole["headers"], f"{name} {status}: the header Demonstration")
            if status >= "400":
                problem = whole["content"].get("application/problem+json")
                want(problem and list(whole["content"]) == ["application/problem+json"], f"{name} {status}: a problem")
        want("500" in statuses and "405" in statuses and "406" in statuses, f"{name}: what always can be answered")
        if not public:
            want({"401", "403"} <= statuses, f"{name}: 401 and 403")
        if "requestBody" in o:
            want({"400", "413", "415"} <= statuses, f"{name}: 400, 413 and 415")
        if "{" in path:
            want("404" in statuses, f"{name}: 404")
        want(any(s < "400" for s in statuses), f"{name}: it can succeed")
    problem = API["components"]["schemas"]["Problem"]
    want({"status", "title", "detail", "type", "code"} <= set(problem["required"]), "Problem: what is required")


def check_names():
    """Members in lowerCamelCase, but those of an event, which are the protocol's."""
    event = {"SignalContent", "CloudEvent"}
    for schema_name, schema in API["components"]["schemas"].items():
        if schema_name in event:
            continue
        for at, node in walk(schema):
            if isinstance(node, dict) and isinstance(node.get("properties"), dict) and node.get("type") == "object":
                for member in node["properties"]:
                    want(re.fullmatch(r"[a-z][A-Za-z0-9]*", member), f"{schema_name}{at}: {member}")
                if at == "" or "additionalProperties" in node:
                    want("additionalProperties" in node, f"{schema_name}{at}: are other members known?")


def check_examples():
    for _, _, o, name in operations():
        bodies = list(o.get("requestBody", {}).get("content", {}).items())
        want("requestBody" not in o or any("example" in c for _, c in bodies), f"{name}: an example of the body")
        for answer in o["responses"].values():
            bodies += list(resolve(answer).get("content", {}).items())
        for media, content in bodies:
            if "example" in content:
                for error in validator(content["schema"]).iter_errors(content["example"]):
                    want(False, f"{name}: the example of {media}: {error.message}")


def main():
    made = subprocess.run([sys.executable, str(GATEWAY / "openapi" / "make"), "--check"], capture_output=True, text=True)
    want(made.returncode == 0, made.stderr.strip())
    for check in (check_references, check_document, check_paths, check_answers, check_names, check_examples):
        check()
    for words in failures:
        print("openapi:", words)
    print(f"openapi: {len(list(operations()))} operations, {len(failures)} faults")
    return 1 if failures else 0


sys.exit(main())
