"""openapi.json as one page of HTML, to read: no scripts, nothing from outside, works without a pointer."""

import html
import json

STYLE = """
:root{color-scheme:light dark}
body{font:1rem/1.5 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:1rem}
code,pre{font-family:ui-monospace,monospace;font-size:.9em;overflow-wrap:anywhere}
pre{overflow-x:auto;padding:.5rem;border:1px solid}
table{border-collapse:collapse;width:100%;margin:.5rem 0}
th,td{border:1px solid;padding:.25rem .5rem;text-align:left;vertical-align:top}
h3{margin-top:2rem;border-top:1px solid;padding-top:1rem}
nav ul{columns:2 20rem;padding-left:1rem}
nav li{break-inside:avoid}
dt{font-weight:bold}
.method{font-weight:bold}
"""
METHODS = ("get", "post", "put", "delete")


def esc(text):
    return html.escape(str(text))


class Page:
    def __init__(self, api):
        self.api = api

    def whole(self, node):
        while "$ref" in node:
            at = self.api
            for part in node["$ref"][2:].split("/"):
                at = at[part]
            node = {**at, **{k: v for k, v in node.items() if k != "$ref"}}
        return node

    def kind(self, schema):
        """A schema in a few words, with links to those that have a name."""
        if "$ref" in schema:
            name = schema["$ref"].split("/")[-1]
            return f'<a href="#schema-{name}">{name}</a>'
        if "oneOf" in schema:
            return " or ".join(self.kind(s) for s in schema["oneOf"])
        if "const" in schema:
            return f"<code>{esc(json.dumps(schema['const']))}</code>"
        if "enum" in schema:
            return "one of " + ", ".join(f"<code>{esc(json.dumps(v))}</code>" for v in schema["enum"])
        kind = schema.get("type", "anything")
        if kind == "array":
            return "list of " + self.kind(schema["items"])
        words = " or ".join(kind) if isinstance(kind, list) else kind
        if "format" in schema:
            words += f" ({schema['format']})"
        if "maxLength" in schema:
            words += f", {schema.get('minLength', 0)} to {schema['maxLength']} characters"
        return esc(words)

    def members(self, schema):
        rows = []
        required = schema.get("required", [])
        for name, member in schema.get("properties", {}).items():
            rows.append(f"<tr><th scope=row><code>{esc(name)}</code></th><td>{self.kind(member)}"
                        f"</td><td>{'yes' if name in required else 'no'}</td>"
                        f"<td>{esc(self.whole(member).get('description', ''))}</td></tr>")
            inner = member.get("items", member) if member.get("type") == "array" else member
            if inner.get("type") == "object" and "properties" in inner:
                rows.append(f"<tr><td colspan=4>{self.members(inner)}</td></tr>")
        if not rows:
            return ""
        return ("<table><thead><tr><th scope=col>Member</th><th scope=col>Type</th><th scope=col>Required</th>"
                "<th scope=col>What</th></tr></thead><tbody>" + "".join(rows) + "</tbody></table>")

    def contents(self, content):
        out = []
        for media, value in content.items():
            out.append(f"<p><code>{esc(media)}</code>: {self.kind(value['schema'])}</p>")
            if "example" in value:
                out.append(f"<pre>{esc(json.dumps(value['example'], indent=1, ensure_ascii=False))}</pre>")
        return "".join(out)

    def operation(self, path, method, op, base):
        out = [f'<h3 id="{op["operationId"]}"><span class=method>{method.upper()}</span> '
               f"<code>{esc(base + path)}</code></h3>", f"<p><strong>{esc(op['summary'])}.</strong></p>"]
        if op["description"] != op["summary"]:
            out.append(f"<p>{esc(op['description'])}</p>")
        roles = ", ".join(op["x-roles"]).replace("_", " ") or "anybody"
        out.append(f"<p>For: {esc(roles)}.</p>")
        if "parameters" in op:
            rows = "".join(f"<tr><th scope=row><code>{esc(p['name'])}</code></th><td>{p['in']}</td>"
                           f"<td>{self.kind(p['schema'])}</td><td>{esc(p['description'])}</td></tr>"
                           for p in op["parameters"])
            out.append("<table><thead><tr><th scope=col>Parameter</th><th scope=col>In</th><th scope=col>Type</th>"
                       f"<th scope=col>What</th></tr></thead><tbody>{rows}</tbody></table>")
        if "requestBody" in op:
            out.append("<h4>Body</h4>" + self.contents(op["requestBody"]["content"]))
        out.append("<h4>Answers</h4><ul>")
        for status, answer in op["responses"].items():
            whole = self.whole(answer)
            shown = ""
            if status < "400":
                shown = self.contents(whole.get("content", {}))
            out.append(f"<li><strong>{status}</strong> {esc(whole['description'])}{shown}</li>")
        out.append("</ul>")
        return "".join(out)

    def render(self):
        info = self.api["info"]
        out = ["<!doctype html><html lang=en><head><meta charset=utf-8>"
               "<meta name=viewport content='width=device-width'>"
               f"<title>{esc(info['title'])} {esc(info['version'])}</title>",
               f"<link rel=stylesheet href='/v1/docs/style'></head><body><header><h1>{esc(info['title'])}, version {esc(info['version'])}</h1>"]
        for part in info["description"].split("\n\n"):
            if part.startswith("- "):
                out.append("<ul>" + "".join(f"<li>{esc(line[2:])}</li>" for line in part.split("\n")) + "</ul>")
            else:
                out.append(f"<p>{esc(part)}</p>")
        out.append('<p>For programs: <a href="/v1/openapi.json">openapi.json</a>.</p></header>')
        by_tag = {t["name"]: [] for t in self.api["tags"]}
        for path, item in self.api["paths"].items():
            base = item["servers"][0]["url"].rstrip("/") if "servers" in item else self.api["servers"][0]["url"]
            for method in METHODS:
                if method in item:
                    by_tag[item[method]["tags"][0]].append((path, method, item[method], base))
        out.append("<nav aria-label=Contents><h2>Contents</h2><ul>")
        for tag, ops in by_tag.items():
            out.append(f'<li><a href="#tag-{tag}">{tag}</a><ul>' + "".join(
                f'<li><a href="#{op["operationId"]}">{esc(op["summary"])}</a></li>' for _, _, op, _ in ops)
                + "</ul></li>")
        out.append('<li><a href="#schemas">Values</a></li></ul></nav><main>')
        for tag in self.api["tags"]:
            out.append(f'<h2 id="tag-{tag["name"]}">{esc(tag["name"].capitalize())}</h2><p>{esc(tag["description"])}</p>')
            out.extend(self.operation(*ops) for ops in by_tag[tag["name"]])
        out.append("<h2 id=schemas>Values</h2>")
        for name, schema in self.api["components"]["schemas"].items():
            whole = self.whole(schema)
            out.append(f'<h3 id="schema-{name}">{name}</h3><p>{esc(whole.get("description", ""))}</p>')
            out.append(self.members(whole) or f"<p>{self.kind(whole)}</p>")
        out.append("</main></body></html>\n")
        return "\n".join(out)


def page(text):
    return Page(json.loads(text)).render()
