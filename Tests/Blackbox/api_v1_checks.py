"""Owns what every answer of API v1 must look like: a receipt field by field, a refusal to the letter."""


def refused(results, answer, status, message, name, **extra):
    """One v1 error: 404, the exact body, the status that was meant (None: the API only says that there is one)."""
    results.equal(answer.status, 404, name + ": status")
    meant = answer.header("X-OTS-Intended-Status") or ""
    if status is None:
        results.check(len(meant) == 3 and meant[0] == "4" and meant.isdigit(), name + ": X-OTS-Intended-Status", meant)
    else:
        results.equal(meant, str(status), name + ": X-OTS-Intended-Status")
    results.equal(answer.header("Content-Type"), "application/json; charset=utf-8", name + ": Content-Type")
    try:
        results.equal(answer.json(), dict(message=message, **extra), name + ": body")
    except ValueError:
        results.check(False, name + ": the body is no JSON", answer.body[:200])


def check_receipt(results, made, name, state="new", with_key=True):
    """Exactly the fields of a receipt in this state, with their types."""
    fields = {
        "custid": str,
        "metadata_key": str,
        "ttl": int,
        "metadata_ttl": int,
        "metadata_url": str,
        "state": str,
        "created": int,
        "updated": int,
        "recipient": list,
        "share_domain": str,
        "passphrase_required": bool,
    }
    if state == "received":
        fields["received"] = int
    else:
        fields["secret_ttl"] = int if state == "new" else (int, type(None))
        if with_key:
            fields["secret_key"] = str
    results.equal(set(made), set(fields), name + ": fields")
    for field, kind in fields.items():
        value = made.get(field)
        kinds = kind if isinstance(kind, tuple) else (kind,)
        results.check(type(value) in kinds, "%s: type of %s" % (name, field), repr(value))
    results.equal(made.get("state"), state, name + ": state")
