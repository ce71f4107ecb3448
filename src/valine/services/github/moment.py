"""A time as GitHub tells it, with its offset: one without cannot be compared with any other, so it makes no sense."""

from datetime import datetime
from typing import Annotated

import msgspec

Moment = Annotated[datetime, msgspec.Meta(tz=True)]
