"""Discord's REST routes over httpx2: `DiscordChat` keeps the port, `DiscordAdmin` registers commands for the CLI.

answers.py says what an answer means, limits.py when a request may go, api.py sends one; the rest says which to send.
"""

from valine.services.discord.admin import DiscordAdmin
from valine.services.discord.chat import DiscordChat

__all__ = ["DiscordAdmin", "DiscordChat"]
