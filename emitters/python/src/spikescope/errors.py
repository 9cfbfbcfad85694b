"""What the package raises."""


class FrameError(ValueError):
    """An argument that no frame can hold.

    `field` is its name on the wire or in the call. Only wrong arguments raise it: a NATS server
    that is away never does.
    """

    def __init__(self, field: str, detail: str) -> None:
        super().__init__(f"{field}: {detail}")
        self.field = field
