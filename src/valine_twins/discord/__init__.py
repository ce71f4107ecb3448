"""The offline twin of Discord: `DiscordTwin`, a pure heart that plays one application's guild.

`view()` is JSON-able and has this shape. A message is {id, channel_id, author {id, name, bot}, flags, content,
components, embeds, created, edited, edits, notified {users, roles, everyone}, interaction, seen_by, thread, text}; a
thread is {id, name, type, archived, locked, members, messages}.

    application     id, name, public_key, interactions_endpoint_url
    guild           id, name, owner, roles, members
    channels        [{id, name, type, messages, threads}]; `threads` are those whose message is not there
    ephemeral       by person: the messages that only they see
    interactions    [{id, kind, name, by, channel, message, state, answered_with, original, shown, choices, modal,
                    created}]; `shown` is the failure that the person reads, `modal` the form that is open
    deliveries      [{id, kind, name, interaction, statuses}]
    problems        what the product answered wrongly, one line each
    commands        global, guild
    requests        how many of "METHOD /route/{template}"
    statuses        how many of each HTTP status, and "lost"
    faults          those switched on, with what is left of their `times`
"""

from valine_twins.discord.context import Options
from valine_twins.discord.twin import ACTS, DiscordTwin

__all__ = ["ACTS", "DiscordTwin", "Options"]
