import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dpiat_gui.engine import protocol
from dpiat_gui.engine.protocol import Progress, Request
from dpiat_gui.errors import Cancelled, EngineError, SourceError, TransferError

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(st.integers(min_value=0), st.text(min_size=1), st.dictionaries(st.text(), PLAIN))
def test_a_request_survives_its_line(number, operation, values):
    line = protocol.request_line(Request(number, operation, values))
    assert line.count(b"\n") == 1
    assert protocol.request_of(protocol.decode(line)) == Request(number, operation, values)


@pytest.mark.parametrize(
    "message", [{}, {"id": "1", "do": "x"}, {"id": 1}, {"id": 1, "do": "x", "request": []}]
)
def test_what_is_no_request_is_refused(message):
    with pytest.raises(ValueError, match="a request has"):
        protocol.request_of(message)


@pytest.mark.parametrize("line", [b"[1]\n", b"nonsense\n", b"\xff\n", b"3\n"])
def test_what_is_no_object_is_refused(line):
    with pytest.raises(ValueError, match=r"."):
        protocol.decode(line)


def test_progress_survives_and_bad_progress_is_harmless():
    progress = Progress(1 << 40, 1 << 41, "w…")
    sent = json.loads(json.dumps(protocol.progress_to_json(progress)))
    assert protocol.progress_from_json(sent) == progress
    assert protocol.progress_from_json({"done": None}) == Progress(0, 0)
    assert progress.fraction == 0.5
    assert Progress(3, 0).fraction is None


def test_an_error_arrives_as_what_it_was():
    error = TransferError("No room.", "Make some.")
    error.path = "/x"
    error.__cause__ = OSError("full")
    sent = json.loads(json.dumps(protocol.failure_to_json(protocol.failure_of(error))))
    back = protocol.error_from_json(sent)
    assert type(back) is TransferError
    assert (back.message, back.hint, back.path) == ("No room.", "Make some.", "/x")
    assert "full" in str(back.__cause__)


def test_a_private_kind_of_error_arrives_as_the_nearest_known_one():
    class PrivateError(SourceError):
        pass

    back = protocol.error_from_json(protocol.failure_to_json(protocol.failure_of(PrivateError("m"))))
    assert type(back) is SourceError


@pytest.mark.parametrize("kind", ["", "Cancelled", "ValueError", "write_error", 3, "Nothing"])
def test_an_unknown_kind_is_an_engine_error(kind):
    assert type(protocol.error_from_json({"kind": kind, "message": "m"})) is EngineError


def test_an_unforeseen_error_carries_a_short_trace():
    def deep(depth):
        if depth:
            deep(depth - 1)
        raise ZeroDivisionError("by zero")

    with pytest.raises(ZeroDivisionError) as caught:
        deep(100)
    failure = protocol.failure_of(caught.value)
    assert "by zero" in failure.message
    assert failure.trace.endswith("ZeroDivisionError: by zero")
    assert len(failure.trace.splitlines()) <= 12


def test_values_that_json_cannot_carry_become_text():
    error = SourceError("m")
    error.thing = {1, 2}
    assert protocol.failure_of(error).details == {"thing": "{1, 2}"}


def test_cancelled_is_no_failure_of_the_other_side():
    assert isinstance(Cancelled(), Exception)
    assert type(protocol.error_from_json({"kind": "Cancelled"})) is not Cancelled
