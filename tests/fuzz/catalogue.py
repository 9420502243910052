"""All targets by name."""

from tests.fuzz import exports, feeds, office, payloads, words

TARGETS = {target.name: target for module in (words, payloads, feeds, exports, office) for target in module.TARGETS}
