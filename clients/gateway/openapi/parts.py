"""What the paths of openapi.json are put together from: operations, parameters, answers."""

from schemas import ref

JSON, PROBLEM = "application/json", "application/problem+json"
EVENT, BATCH, STREAM = "application/cloudevents+json", "application/cloudevents-batch+json", "text/event-stream"

EVERYBODY = ["agency", "regisseur", "service", "coordinator", "privacy_officer", "operator", "auditor"]
WITH_MAILBOX = EVERYBODY[:5]

PROBLEMS = {
    "400": ("BadRequest", "The request is not as described: all that is wrong with it is in `errors`."),
    "401": ("Unauthorized", "It is not known who asks: no certificate, token or session that is good."),
    "403": ("Forbidden", "This party may not do this."),
    "404": ("NotFound", "There is no such thing, or it is not yours to see."),
    "405": ("MethodNotAllowed", "Not this method; `Allow` names those that are."),
    "406": ("NotAcceptable", "It cannot be answered in a form that `Accept` takes."),
    "409": ("Conflict", "This id was used before for something else."),
    "411": ("LengthRequired", "A body needs a Content-Length."),
    "412": ("PreconditionFailed", "The case has changed since it was read."),
    "413": ("ContentTooLarge", "The body is larger than the limit."),
    "415": ("UnsupportedMediaType", "The body has a form that is not taken here."),
    "422": ("Unprocessable", "The request is well made, and the town's rules or the present state refuse it."),
    "429": ("TooManyRequests", "Too many; `Retry-After` says when to try again."),
    "500": ("Failed", "Something failed here."),
    "503": ("Unavailable", "The broker is away or busy; `Retry-After` says when to try again."),
    "504": ("Timeout", "The broker did not answer in time. What was asked may still happen: ask again, with the same id."),
}


def header(name):
    return {"$ref": f"#/components/headers/{name}"}


def query(name, schema, words, required=False):
    return {"name": name, "in": "query", "required": required, "description": words, "schema": schema}


def in_path(name, schema, words):
    return {"name": name, "in": "path", "required": True, "description": words, "schema": schema}


ID = {
    "signal": in_path("id", {"type": "string", "minLength": 1, "maxLength": 256}, "Id of the signal, percent-encoded."),
    "case": in_path("id", ref("CaseId"), "Of the case."),
    "household": in_path("id", ref("HouseholdId"), "Of the household."),
    "number": in_path("number", {"type": "integer", "minimum": 1, "maximum": 9223372036854775807}, "The number."),
    "regisseur": in_path("id", {"type": "string", "minLength": 1, "maxLength": 128}, "Id of the regisseur."),
    "other": in_path("regisseur", {"type": "string", "minLength": 1, "maxLength": 128}, "Id of the regisseur."),
    "report": in_path("name", {"type": "string", "enum": ["queues", "cases", "follow-up", "rules", "agencies"]},
                      "Which report."),
    "letter": in_path("letter", {"type": "string", "pattern": r"^[A-Za-z0-9._-]{1,200}\.[1-9][0-9]{0,18}$"}, "Id of a letter."),
    "code": in_path("code", {"type": "string", "pattern": "^[a-z0-9_]{1,64}$"}, "Of a problem."),
}

PAGED = [
    query("limit", {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}, "At most so many items."),
    query("next", {"type": "string", "minLength": 1, "maxLength": 512}, "The member `next` of the page before."),
]
SIGNAL_OF = [
    query("source", {"type": "string", "minLength": 1, "maxLength": 256}, "Where the id is not enough."),
    query("agency", {"type": "string", "minLength": 1, "maxLength": 128}, "Where the id is not enough."),
]
ACT_HEADERS = [
    {"name": "Idempotency-Key", "in": "header", "required": False,
     "description": "Names the act: the same key again is the same act, done once. Without it each request is an act. "
     "The broker knows it from its log, over restarts. The act's own time is that of a UUID of version 7, else 1970: "
     "when it was done is `receivedAt`. An ending without `occurredAt` needs a UUID of version 7.",
     "schema": {"type": "string", "pattern": "^[A-Za-z0-9._~-]{1,64}$"}},
    {"name": "traceparent", "in": "header", "required": False, "description": "W3C Trace Context.",
     "schema": {"type": "string", "maxLength": 128}},
]
IF_MATCH = {"name": "If-Match", "in": "header", "required": False,
            "description": "The ETag of the case as it was read; if it has changed since, nothing happens (412).",
            "schema": {"type": "string", "pattern": '^"[0-9]{1,19}"$'}}


def content(schema, media=JSON, **more):
    return {media: {"schema": ref(schema) if isinstance(schema, str) else schema, **more}}


def answer(words, schema=None, media=JSON, headers=(), **more):
    made = {"description": words, "headers": {n: header(n) for n in ("API-Version", "Demonstration", *headers)}}
    if schema is not None:
        made["content"] = content(schema, media, **more)
    return made


def problems(*statuses):
    return {s: {"$ref": f"#/components/responses/{PROBLEMS[s][0]}"} for s in sorted(statuses)}


def operation(tag, ident, summary, roles, voordeur, answers, params=(), body=None, body_required=True, words=None,
              body_example=None, refuse=()):
    """One method of one path. roles None: whoever asks need not be known."""
    statuses = {"400", "405", "406", "429", "500", *refuse}
    if roles is not None:
        statuses |= {"401", "403"}
        statuses |= {"503", "504"} if voordeur else set()
    if body is not None:
        statuses |= {"411", "413", "415"}
    if any(p["in"] == "path" for p in params):
        statuses |= {"404"}
    made = {"tags": [tag], "operationId": ident, "summary": summary, "description": words or summary}
    if roles is None:
        made["security"] = []
    made["x-roles"] = roles or []
    made["x-voordeur"] = voordeur or {}
    if params:
        made["parameters"] = list(params)
    if body is not None:
        shown = {"example": body_example} if body_example is not None else {}
        made["requestBody"] = {"required": body_required,
                               "content": body if isinstance(body, dict) else content(body, **shown)}
    made["responses"] = {**answers, **problems(*statuses)}
    return made


def read(tag, ident, summary, roles, voordeur, schema, params=(), headers=(), words=None, example=None, refuse=()):
    shown = {"example": example} if example is not None else {}
    return operation(tag, ident, summary, roles, voordeur, {"200": answer("As asked.", schema, headers=headers, **shown)},
                     params, words=words, refuse=refuse)


def act(tag, ident, summary, roles, acts, params, body, body_example=None, of_case=False, words=None,
        body_required=True, schema="ActReceipt"):
    """An event of protocol.md 5.4 or 5.10, made from a body."""
    params = [*params, *ACT_HEADERS, *([IF_MATCH] if of_case else [])]
    answers = {"200": answer("The same act was done before.", schema), "201": answer("Done.", schema)}
    return operation(tag, ident, summary, roles, {"act": acts}, answers, params, body, body_required, words, body_example,
                     refuse={"404", "409", "422"} | ({"412"} if of_case else set()))


def verb(tag, ident, summary, name, body, params=(), answers=None, roles=("operator",), body_example=None,
         body_required=True, words=None):
    answers = answers or {"201": answer("Taken.", "Controlled")}
    return operation(tag, ident, summary, list(roles), {"verb": name}, answers, params, body, body_required, words,
                     body_example, refuse={"404", "422"})
