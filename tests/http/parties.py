"""A gateway with two parties, for the tests of who is calling."""

from gateway import Gateway


def who(answer):
    """The party of GET /v1/session; None: nobody."""
    return answer.json()["party"]["id"] if answer.status == 200 else None


def prepared(text="", parties=None, **how):
    parties = parties or '[{party: "regisseur:r-1", key: r-1.key}, {party: "agency:school-1", key: school-1.key, ' \
                         'token_subjects: ["school-1"]}]'
    gateway = Gateway(text=text, parties=parties, **how)
    for name in ("r-1.key", "school-1.key"):
        gateway.make_key(name)
    return gateway


def cookie_of(answer):
    return answer.header("set-cookie").split(";")[0]
