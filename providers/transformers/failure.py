"""A failure that was foreseen."""


class Failure(Exception):
    """`code` is known to workerErrors.ts, which says what to do."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code
