"""``python -m dedupe_news.cli``, where the command is not on the path."""

from __future__ import annotations

import sys

from dedupe_news.cli import main

sys.exit(main())
