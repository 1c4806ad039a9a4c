"""Settings of the project; the last ones are those of the pipeline."""

from __future__ import annotations

BOT_NAME = "scrapy_news"
SPIDER_MODULES = ["scrapy_news.spiders"]
ROBOTSTXT_OBEY = True
DOWNLOAD_TIMEOUT = 20

# Before pipelines that store items, so that they never see what is dropped.
ITEM_PIPELINES = {"dedupe_news.integrations.scrapy.DedupeNewsPipeline": 100}
DEDUPE_NEWS_INDEX = "feed.db"
DEDUPE_NEWS_ACTION = "drop"  # or "tag"
DEDUPE_NEWS_CONFIG = {"window": "30 days"}
