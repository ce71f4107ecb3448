#!/usr/bin/env bash
# Registers Valine's slash commands with Discord, for the guild of the settings; --guild ID and --global as `valine
# commands push` takes them. `./dev valine commands diff` tells beforehand what would change.
set -euo pipefail
cd "$(dirname "$0")"
exec ./dev valine commands push "$@"
