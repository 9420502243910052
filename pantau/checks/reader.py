"""Reads posts with a language model (``[reader]``): which, in what batches, within which bounds, and what came of it.

Nothing that the endpoint does is an exception here: what could not be read is counted with its reason, and the findings of the
rules stay as they were.
"""

import secrets
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from pantau.checks.catalogue import Catalogue, Rule
from pantau.checks.judge import CheckReport
from pantau.checks.reader_answer import Answer, Answers, read_answers
from pantau.checks.reader_cache import AnswerCache, answer_key
from pantau.checks.reader_chat import Chat, ChatError, ChatReply
from pantau.checks.reader_effects import Judged, apply
from pantau.checks.reader_prompt import Sent, answer_schema, messages, prepare, prompt_version
from pantau.core.model import Cost, Family, Post
from pantau.core.settings_reader import ReaderSettings

MAX_FAILURES = 6
"""Answers in a row of which nothing could be used, before the rest of the night is left unread; a timeout counts twice."""
_CHARS_PER_TOKEN = 3.0
_TOKENS_PER_ANSWER = 80
_MILLION = 1_000_000
_UNUSABLE = "jawabannya tidak dapat dipakai"


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What the reader did in a run."""

    model: str
    prompt: str
    read: int = 0
    """Posts of which it gave a usable answer, those from the cache included."""
    posts: frozenset[str] = frozenset()
    """Keys of those posts."""
    cached: int = 0
    unread: frozenset[str] = frozenset()
    """Keys of posts it was to read and did not."""
    why: str = ""
    """The last reason for that, Indonesian."""
    discarded: int = 0
    """Answers outside the form or with words that are not in the post."""
    cost: Cost
    opened: int = 0
    confirmed: int = 0
    lowered: int = 0

    @property
    def signature(self) -> str:
        """Model and prompt version, as notes name them."""
        return f"{self.model} (perintah {self.prompt})"


class Reader:
    """A model with its bounds, for one run."""

    def __init__(
        self,
        chat: Chat,
        settings: ReaderSettings,
        catalogue: Catalogue,
        cache: AnswerCache,
        clock: Callable[[], float],
        *,
        spent: float = 0.0,
        save_cost: Callable[[Cost], None] | None = None,
        token: Callable[[], str] = lambda: secrets.token_hex(8),
    ) -> None:
        """``spent``: what earlier attempts of the same night cost. ``save_cost`` is told the sum after every request.

        ``token`` gives what nobody who writes a caption can guess: fence and ids of a request.
        """
        self._chat = chat
        self._settings = settings
        self._rules = reader_rules(catalogue)
        self._cache = cache
        self._clock = clock
        self._before = spent
        self._save_cost = save_cost
        self._token = token
        self._prompt = prompt_version(self._rules)
        self._cost = Cost(platform="reader", source=chat.model)
        self._until = 0.0
        self._failures = 0
        self._why = ""
        self._discarded = 0
        self._stopped = False
        self.outcome = Outcome(model=chat.model[:60], prompt=self._prompt, cost=self._cost)
        """What came of ``read``."""

    def read(self, posts: Iterable[Post], report: CheckReport, unit_of: Mapping[str, str]) -> CheckReport:
        """The report after the reader had its say; ``outcome`` tells what it did."""
        settings = self._settings
        wanted = self._wanted(posts, report) if self._rules else []
        keys = {sent.post.key: answer_key(sent, self._chat.model, self._prompt) for sent in wanted}
        kept = self._cache.get(set(keys.values()))
        judged = [self._judged(sent, kept[keys[sent.post.key]]) for sent in wanted if keys[sent.post.key] in kept]
        cached = len(judged)
        self._until = self._clock() + 60 * settings.deadline_min
        judged += self._ask_all([sent for sent in wanted if keys[sent.post.key] not in kept], keys)
        effects = apply(judged, report, self._rules, unit_of, settings, self.outcome.signature)
        done = {item.sent.post.key for item in judged}
        self.outcome = msgspec.structs.replace(
            self.outcome,
            read=len(judged),
            posts=frozenset(done),
            cached=cached,
            unread=frozenset(keys.keys() - done),
            why=self._why,
            discarded=self._discarded,
            cost=self._cost,
            opened=effects.opened,
            confirmed=effects.confirmed,
            lowered=effects.lowered,
        )
        return effects.report

    def _wanted(self, posts: Iterable[Post], report: CheckReport) -> list[Sent]:
        """The posts to be read, as they are sent."""
        doubtful = {item.post for item in report.cancelled}
        doubtful |= {f.post for f in report.findings if f.strength == "review" or self._settings.lower_flag}
        every = self._settings.mode == "every"
        chosen = {post.key: post for post in posts if every or post.key in doubtful}
        prepared = (prepare(post, self._settings.post_chars) for post in chosen.values())
        return [sent for sent in prepared if sent is not None]

    def _judged(self, sent: Sent, answers: tuple[Answer, ...], whole: bool = True) -> Judged:
        cut = len(sent.text) < len(sent.post.text) or len(sent.image_text) < len(sent.post.image_text)
        return Judged(sent=sent, answers=answers, whole=whole and not cut)

    def _ask_all(self, wanted: Sequence[Sent], keys: Mapping[str, str]) -> list[Judged]:
        """Ask batch by batch. What stays without answer is asked again in smaller batches after the others."""
        size = self._settings.batch_posts
        waiting = deque(list(wanted[at : at + size]) for at in range(0, len(wanted), size))
        judged: list[Judged] = []
        while waiting and not self._stopped:
            batch = waiting.popleft()
            answers, named = self._ask(batch)
            left = [sent for post_id, sent in named.items() if post_id not in answers.posts]
            for post_id, items in answers.posts.items():
                judged.append(self._judged(named[post_id], items, post_id not in answers.broken))
            clean = {keys[named[i].post.key]: items for i, items in answers.posts.items() if i not in answers.broken}
            self._cache.add(clean)
            if len(left) < len(batch):
                waiting.extend([left] if left else [])
            elif len(left) > 1:
                waiting.extend((left[: len(left) // 2], left[len(left) // 2 :]))
        return judged

    def _ask(self, batch: Sequence[Sent]) -> tuple[Answers, dict[str, Sent]]:
        """One request; no answers where it failed, whose reason is kept."""
        token = self._token()
        while any(token in text for sent in batch for text in (sent.text, sent.image_text)):
            token = self._token()
        named = {f"{token[:6]}-{number}": sent for number, sent in enumerate(batch, 1)}
        families = sorted(self._rules)
        asked = messages(self._rules, named, f"=={token}==")
        tokens_in = sum(len(item["content"]) for item in asked) / _CHARS_PER_TOKEN
        tokens_out = float(_TOKENS_PER_ANSWER * len(batch))
        if not self._affordable(self._usd(tokens_in, tokens_out)):
            return Answers(posts={}), named
        try:
            reply = self._chat.ask(asked, answer_schema(families, list(named)), self._until)
        except ChatError as error:
            self._failed(error)
            self._count(len(batch), self._usd(tokens_in, tokens_out) if error.billed else 0.0)
            return Answers(posts={}), named
        self._count(len(batch), self._usd(*_used(reply, tokens_in)))
        answers = read_answers(reply.content, named, families)
        self._discarded += answers.discarded
        if answers.posts:
            self._failures = 0
        if len(answers.posts) < len(batch):
            self._why = _UNUSABLE
            self._failures += not answers.posts
            self._stopped = self._failures >= MAX_FAILURES
        return answers, named

    def _affordable(self, usd: float) -> bool:
        """False, and the end of asking, when time is up or the next request would go beyond the night's money."""
        most = self._settings.max_cost_per_night
        if self._clock() >= self._until:
            self._stopped, self._why = True, f"batas waktu {self._settings.deadline_min:g} menit habis"
        elif most and usd and self._before + self._cost.usd + usd > most:
            self._stopped, self._why = True, f"batas biaya semalam ({most:g} dolar AS) tercapai"
        return not self._stopped

    def _failed(self, error: ChatError) -> None:
        self._why = error.why
        self._failures += 2 if error.slow else 1
        self._stopped = error.final or self._failures >= MAX_FAILURES

    def _usd(self, tokens_in: float, tokens_out: float) -> float:
        return (tokens_in * self._settings.price_in + tokens_out * self._settings.price_out) / _MILLION

    def _count(self, posts: int, usd: float) -> None:
        self._cost = msgspec.structs.replace(
            self._cost,
            requests=self._cost.requests + 1,
            posts_billed=self._cost.posts_billed + (posts if usd else 0),
            usd=self._cost.usd + usd,
        )
        if self._save_cost is not None:
            self._save_cost(self._cost)


def _used(reply: ChatReply, tokens_in: float) -> tuple[float, float]:
    """Tokens in and out; estimated where the server does not count them."""
    estimate = len(reply.content) / _CHARS_PER_TOKEN
    given_in, given_out = reply.tokens_in, reply.tokens_out
    return (tokens_in if given_in is None else given_in, estimate if given_out is None else given_out)


def reader_rules(catalogue: Catalogue) -> dict[Family, Rule]:
    """The reader's rules that are in season and not switched off, by family."""
    known = sorted((*catalogue.active(), *catalogue.active("uji")), key=lambda rule: rule.id)
    return {rule.family: rule for rule in known if rule.kind == "reader"}
