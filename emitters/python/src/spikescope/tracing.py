"""W3C Trace Context: where a conversion's spans hang in the host's own trace."""

import re
from collections.abc import Mapping

from .checks import shown
from .errors import FrameError

_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(-.*)?")
_STATE_CHARS_MAX = 512


def trace_headers(traceparent: str | None, tracestate: str | None) -> dict[str, str]:
    """Headers from the arguments, else from OpenTelemetry's current span, else none."""
    if traceparent is None:
        return _current_span()
    if not isinstance(traceparent, str) or not _TRACEPARENT.fullmatch(traceparent):
        form = "00-<32 hex>-<16 hex>-<2 hex>"
        raise FrameError("traceparent", f"needs {form}, got {shown(traceparent)}")
    headers = {"traceparent": traceparent}
    if tracestate:
        if len(tracestate) > _STATE_CHARS_MAX or not tracestate.isascii() or "\n" in tracestate:
            raise FrameError("tracestate", f"is no list of at most {_STATE_CHARS_MAX} characters")
        headers["tracestate"] = tracestate
    return headers


def _current_span() -> dict[str, str]:
    """The span of the host, where opentelemetry-api is there and a span is current."""
    try:
        from opentelemetry import trace
    except ImportError:
        return {}
    context = trace.get_current_span().get_span_context()
    if not context.is_valid:
        return {}
    trace_id, span_id = f"{context.trace_id:032x}", f"{context.span_id:016x}"
    headers = {"traceparent": f"00-{trace_id}-{span_id}-{context.trace_flags:02x}"}
    state: Mapping[str, str] = context.trace_state
    if state:
        text = ",".join(f"{key}={value}" for key, value in state.items())
        if len(text) <= _STATE_CHARS_MAX:
            headers["tracestate"] = text
    return headers
