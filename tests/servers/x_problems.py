"""What X says when it says no, as replies for the local server's faults and its own refusals."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from tests.servers.base import Reply, json_reply

PROBLEMS = "https://api.twitter.com/2/problems/"


def problem(
    status: int, title: str, kind: str, detail: str, headers: dict[str, str] | None = None, **more: Any
) -> Reply:
    """A problem document. ``kind`` is the last part of its URI, or ``about:blank``."""
    uri = kind if ":" in kind else PROBLEMS + kind
    return json_reply({"title": title, "detail": detail, "type": uri, "status": status, **more}, status, headers)


def partial_error(state: str, parameter: str, value: str) -> dict[str, str]:
    """The entry of ``errors`` in a 200 answer for a ``missing``, ``suspended`` or ``protected`` user."""
    shared = {"value": value, "resource_id": value, "parameter": parameter, "resource_type": "user"}
    if state == "suspended":
        said = {
            "title": "Forbidden",
            "detail": f"User has been suspended: [{value}].",
            "type": PROBLEMS + "resource-not-found",
        }
    elif state == "protected":
        detail = f"Sorry, you are not authorized to see the user with {parameter}: [{value}]."
        said = {"title": "Authorization Error", "detail": detail, "type": PROBLEMS + "not-authorized-for-resource"}
    else:
        detail = f"Could not find user with {parameter}: [{value}]."
        said = {"title": "Not Found Error", "detail": detail, "type": PROBLEMS + "resource-not-found"}
    return {**shared, **said}


def bad_request(parameter: str, value: str, message: str) -> Reply:
    """400: X does not accept a parameter."""
    errors = [{"parameters": {parameter: [value]}, "message": message}]
    return problem(
        400, "Invalid Request", "invalid-request", "One or more parameters to your request was invalid.", errors=errors
    )


def unauthorized() -> Reply:
    """401: the token is not accepted."""
    return problem(401, "Unauthorized", "about:blank", "Unauthorized")


def credits_depleted() -> Reply:
    """402: the prepaid credit is used up."""
    detail = "Your enrolled account [1] does not have any credits to fulfill this request."
    return problem(402, "CreditsDepleted", "credits", detail, account_id=1)


def spend_cap() -> Reply:
    """403: the office's own monthly limit is reached."""
    return problem(403, "SpendCapReached", "spend-cap-reached", "Your monthly spend cap has been reached.")


def client_not_enrolled() -> Reply:
    """403: the app is not attached to a project, or may not use this endpoint."""
    detail = "You must use keys and tokens from a developer App that is attached to a Project."
    more = {
        "reason": "client-not-enrolled",
        "registration_url": "https://developer.twitter.com/en/docs/projects/overview",
    }
    return problem(403, "Client Forbidden", "client-forbidden", detail, **more)


def forbidden() -> Reply:
    """403 without a known reason, as for a suspended app."""
    return problem(403, "Forbidden", "about:blank", "Forbidden")


def rate_limited(reset: datetime | None = None) -> Reply:
    """429, with the header that says when the window ends, or without."""
    headers = {"x-rate-limit-remaining": "0", "x-rate-limit-reset": str(int(reset.timestamp()))} if reset else {}
    return problem(429, "Too Many Requests", "about:blank", "Too Many Requests", headers)


def usage_capped(reset: datetime | None = None) -> Reply:
    """429 of another kind: the monthly cap of posts is used up."""
    headers = {"x-rate-limit-reset": str(int(reset.timestamp()))} if reset else {}
    return problem(
        429,
        "UsageCapExceeded",
        "usage-capped",
        "Usage cap exceeded: Monthly product cap",
        headers,
        period="Monthly",
        scope="Product",
    )


def list_body(status: int) -> Reply:
    """An error whose body is a JSON list, over which tweepy stumbles."""
    return json_reply([{"message": "unexpected"}], status)


_RENAMED = {
    "edit_history_tweet_ids": "edit_history_post_ids",
    "note_tweet": "note_post",
    "referenced_tweets": "referenced_posts",
    "most_recent_tweet_id": "most_recent_post_id",
}


def renamed(reply: Reply) -> Reply:
    """For ``Fault.change``: the same answer with the field names of X's specification since August 2026."""

    def rename(value: Any) -> Any:
        if isinstance(value, dict):
            return {_RENAMED.get(name, name): rename(inner) for name, inner in value.items()}
        return [rename(inner) for inner in value] if isinstance(value, list) else value

    return json_reply(rename(json.loads(reply.body)), reply.status, reply.headers)


def without(*names: str) -> Callable[[Reply], Reply]:
    """For ``Fault.change``: the same answer with members left out of every object of ``data``."""

    def change(reply: Reply) -> Reply:
        body = json.loads(reply.body)
        for item in body.get("data", []):
            for name in names:
                item.pop(name, None)
        return json_reply(body, reply.status, reply.headers)

    return change
