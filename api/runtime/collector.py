"""Python's collector of cyclic garbage, set for a process that serves."""

import gc

# A collection for so many new objects, of the middle generation for so many of those, of everything for so many again.
# By default (700, 10, 10) a server under load goes through all that it holds several times a second, 200 ms each time:
# requests under way look like objects that came to stay. What they leave is freed by its count of references.
_THRESHOLDS = (5_000, 20, 100)


def spare_collector() -> None:
    """What was made until now (code, schemas, settings) is never looked through again; what comes, seldom.

    To be called once, when a server is ready and before it serves.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
