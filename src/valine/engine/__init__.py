"""The only impure loop. See loop.py, and command_handler.py for what people ask."""

from valine.engine.loop import Engine

__all__ = ["Engine"]
