"""The page on which a person plays everybody: the channel as Discord would show it, beside the repository.

It is for one person on one machine: every loopback address may open it, no other website may act through it.
"""

from valine_twins.page.app import make_page
from valine_twins.page.stage import Stage

__all__ = ["Stage", "make_page"]
