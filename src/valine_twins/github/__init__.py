"""The offline twin of GitHub: REST, GraphQL, webhooks and people's acts over real or in-memory git objects.

A pure heart (`GitHubTwin`): every answer is a function of the calls before it, the random numbers and the times handed
in.
"""

from valine_twins.github.twin import GitHubTwin
from valine_twins.github.world import Options

__all__ = ["GitHubTwin", "Options"]
