"""The stages by platform. A platform of the registry that is missing here fails ``test_contract.py``."""

from collections.abc import Mapping, Sequence

from tests.collectors.contract.instaloader_stage import BothInstagramStage, InstaloaderStage
from tests.collectors.contract.meta_stage import FacebookStage, InstagramGraphStage
from tests.collectors.contract.stage import Stage
from tests.collectors.contract.tiktok_stage import TikTokStage
from tests.collectors.contract.website_stage import WebsiteStage
from tests.collectors.contract.x_stage import XRecentStage, XStage
from tests.collectors.contract.youtube_stage import YouTubeFeedStage, YouTubeStage

STAGES: Mapping[str, Sequence[type[Stage]]] = {
    "x": (XStage, XRecentStage),
    "instagram": (InstagramGraphStage, InstaloaderStage, BothInstagramStage),
    "facebook": (FacebookStage,),
    "website": (WebsiteStage,),
    "youtube": (YouTubeStage, YouTubeFeedStage),
    "tiktok": (TikTokStage,),
}
ALL = [stage for stages in STAGES.values() for stage in stages]
