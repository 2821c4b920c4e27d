"""The one error a user sees: what is wrong, why, and what to do about it."""

from __future__ import annotations


class UserError(Exception):
    """Bad input from outside (a file, YAML, OSC, an audio device, a checkpoint).

    The command line prints it as one sentence and exits with code 2; OSC sends it as ``/ear/fail``.

    Args:
        subject: the thing that is wrong, as the user named it (``clip 'kick.wav'``).
        reason: why it cannot be used (``has no samples``).
        mend: what to do about it (``export it again as WAV``).
        code: short machine-readable word for OSC clients, ``[a-z_]+``.
    """

    def __init__(self, subject: str, reason: str, mend: str, code: str = "bad_input") -> None:
        self.subject = subject
        self.reason = reason
        self.mend = mend
        self.code = code
        super().__init__(f"{subject} {reason}; {mend}.")

    def __reduce__(self) -> tuple[type[UserError], tuple[str, str, str, str]]:
        """Travel between processes whole."""
        return type(self), (self.subject, self.reason, self.mend, self.code)
