"""Python's collector of cyclic garbage: at rest while modules are brought in, and set for a process that serves."""

import gc

# A collection for so many new objects, of the middle generation for so many of those, of everything for so many again.
# By default (700, 10, 10) a server under load goes through all that it holds several times a second, 200 ms each time:
# requests under way look like objects that came to stay. What they leave is freed by its count of references.
_THRESHOLDS = (5_000, 20, 100)


def rest_collector() -> None:
    """Looks for no garbage until `spare_collector`, or `wake_collector`: modules, which stay, are being brought in.

    It took an eighth of a start to look through what there was of them again and again.
    """
    gc.disable()


def wake_collector() -> None:
    """Looks for garbage again, and never among what was made until now."""
    gc.freeze()
    gc.enable()


def spare_collector() -> None:
    """What was made until now (code, schemas, settings) is never looked through again; what comes, seldom.

    To be called once, when a server is ready and before it serves.
    """
    wake_collector()
    gc.set_threshold(*_THRESHOLDS)
