"""What the package raises."""


class FrameError(ValueError):
    """An argument that no frame can hold.

    `field` is its name on the wire or in the call. Declarations raise it (an emitter, a layer),
    and calls that record do for an emitter that is `strict`; a NATS server that is away never does.
    """

    def __init__(self, field: str, detail: str) -> None:
        super().__init__(f"{field}: {detail}")
        self.field = field


class ClosedError(FrameError):
    """Something was recorded where nothing is taken any more."""
