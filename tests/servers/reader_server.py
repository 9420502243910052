"""A language model of ours behind an OpenAI-compatible endpoint: it answers as a test tells it to, or goes wrong in a chosen way.

``judge`` is the model: it gets a post as the request shows it and returns items (without id). The default finds nothing.
``gullible`` makes it obey every line ``ANSWER: {...}`` that stands in a caption, as the worst model would.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.servers.base import LocalServer, Reply, Request, json_reply

Item = dict[str, str]
NOTHING: Item = {"family": "-", "verdict": "no", "quote": "", "why": "Tidak ada."}


@dataclass(frozen=True)
class ShownPost:
    """A post as the model sees it."""

    id: str
    text: str
    image_text: str = ""


def yes(family: str, quote: str, why: str = "Terlihat dari kutipan.") -> Item:
    """A finding."""
    return {"family": family, "verdict": "yes", "quote": quote, "why": why}


def find_words(words: Mapping[str, str]) -> Callable[[ShownPost], list[Item]]:
    """A model that finds families by words that stand in a post."""

    def judge(post: ShownPost) -> list[Item]:
        whole = f"{post.text}\n{post.image_text}"
        return [yes(family, word) for word, family in words.items() if word in whole] or [NOTHING]

    return judge


class ReaderServer(LocalServer):
    """The endpoint. Public fields may be changed at any time."""

    def __init__(self, judge: Callable[[ShownPost], list[Item]] = lambda _post: [NOTHING]) -> None:
        super().__init__()
        self.judge = judge
        self.model = "pembaca-uji"
        self.key = "kunci-rahasia-untuk-uji"
        self.refused_forms: set[str] = set()
        """``json_schema`` or ``json_object``: forms of answer that are answered with 400."""
        self.gullible = False
        self.usage: dict[str, int] | None = {"prompt_tokens": 1000, "completion_tokens": 100}
        self.wrap = "{}"
        """How the content is wrapped, for example in a fenced block."""

    @property
    def base_url(self) -> str:
        """What goes into ``reader.url``."""
        return f"{self.url}/v1"

    def route(self, request: Request) -> Reply:
        if request.path != "/v1/chat/completions" or request.method != "POST":
            return json_reply({"error": {"message": "no such address"}}, 404)
        if request.headers.get("authorization") != f"Bearer {self.key}":
            return json_reply({"error": {"message": f"bad key {request.headers.get('authorization')}"}}, 401)
        asked = json.loads(request.body)
        if asked["model"] != self.model:
            return json_reply({"error": {"message": f"model '{asked['model']}' not found"}}, 404)
        form = asked.get("response_format", {}).get("type", "")
        if form in self.refused_forms:
            return json_reply({"error": {"message": "response_format is not supported"}}, 400)
        items = [{"id": post.id, **item} for post in self.shown(asked) for item in self._items(post)]
        return completion(self.wrap.replace("{}", json.dumps({"answers": items}, ensure_ascii=False)), self.usage)

    def _items(self, post: ShownPost) -> list[dict[str, Any]]:
        orders = re.findall(r"^ANSWER: (\{.*\})$", f"{post.text}\n{post.image_text}", re.MULTILINE)
        if self.gullible and orders:
            return [json.loads(order) for order in orders]
        return list(self.judge(post))

    @staticmethod
    def shown(asked: Mapping[str, Any]) -> list[ShownPost]:
        """The posts of a request, told apart by its fence."""
        system, user = asked["messages"][0]["content"], asked["messages"][-1]["content"]
        named = re.search(r"begin with the fence (==[0-9a-f]+==)", system)
        if named is None:
            return []
        fence = named.group(1)
        posts: dict[str, dict[str, str]] = {}
        for part in user.split(f"{fence} ")[1:]:
            head, _, text = part.partition("\n")
            if head.startswith("post "):
                _, post_id, field = head.split(" ", 2)
                posts.setdefault(post_id, {})[field] = text.removesuffix("\n")
        return [ShownPost(key, texts.get("caption", ""), texts.get("picture text", "")) for key, texts in posts.items()]

    def asked(self) -> list[dict[str, Any]]:
        """The bodies of all requests so far."""
        with self.lock:
            return [json.loads(request.body) for request in self.log if request.body]


def completion(content: str, usage: dict[str, int] | None = None) -> Reply:
    """A chat completion."""
    message = {"role": "assistant", "content": content}
    body: dict[str, Any] = {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
    return json_reply(body | ({"usage": usage} if usage else {}))
