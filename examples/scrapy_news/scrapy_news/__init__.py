"""A Scrapy project that keeps each news item once: ``scrapy crawl feeds -a urls=...``."""
