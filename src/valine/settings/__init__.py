"""Settings: read once, from the environment and `.env`, and checked whole before anything starts.

Nothing is read at import. Every missing or malformed one is named in a line of its own, which never repeats the value:
that may be a secret.
"""

from valine.settings.secret import Secret
from valine.settings.settings import (
    DiscordApplication,
    Registration,
    Settings,
    elsewhere,
    queue_url,
    registration,
    repository_name,
    store_url,
)

__all__ = [
    "DiscordApplication",
    "Registration",
    "Secret",
    "Settings",
    "elsewhere",
    "queue_url",
    "registration",
    "repository_name",
    "store_url",
]
