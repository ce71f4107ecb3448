"""A storm over the whole of Valine: one seed decides who goes next, how long it takes, what fails, and what people do.

No wall clock, no threads, no sockets. `./dev storm --seeds 500` plays; docs/reliability.md tells how it works.
"""
