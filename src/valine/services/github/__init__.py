"""GitHub as Valine's forge. From the seam outwards: http, api, graphql; reads; writes; forge puts them together."""

from valine.services.github.auth import AppAuth, Auth, TokenAuth
from valine.services.github.forge import GitHubForge

__all__ = ["AppAuth", "Auth", "GitHubForge", "TokenAuth"]
