"""Which posts with an open finding a night asks for by their id, to know whether they are still there."""

from pantau.core.derived_ids import is_derived
from pantau.store.store import Store

_MOST_MISSING = 100


def posts_to_look_at_again(store: Store, run_id: str, limit: int) -> dict[str, tuple[str, ...]]:
    """Account key to ids of posts with an open flag, over each platform at most ``limit``: those not seen for longest first.

    Posts that were missing when last asked for come besides: only a second absence counts, they may be back, and a service that
    bills posts bills nothing for one that is not there. ``limit`` 0: none at all.
    """
    if limit <= 0:
        return {}
    keys = {item.finding.post for item in store.findings.open_before(run_id) if item.finding.post}
    keys = {key for key in keys if not is_derived(key.partition(":")[2])}  # the platform does not know our own ids
    trails, posts = store.posts.trail(keys), store.posts.get(keys)
    left: dict[str, list[int]] = {}
    found: dict[str, list[str]] = {}
    for key in sorted(trails, key=lambda key: (trails[key].last_seen_at, key)):
        post = posts[key]
        budget = left.setdefault(post.platform, [limit, _MOST_MISSING])
        kind = 1 if trails[key].missed_at else 0
        if budget[kind]:
            budget[kind] -= 1
            found.setdefault(post.account, []).append(post.post_id)
    return {account: tuple(ids) for account, ids in found.items()}
