"""Questions and answers on the wire: whatever bytes come, a message or a typed refusal."""

from __future__ import annotations

import contextlib
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspection_station.headquarters.questions import (
    AgencySystem,
    Answer,
    Answers,
    Face,
    Hit,
    Outcome,
    Question,
    Questions,
    Scope,
    Topic,
)
from inspection_station.headquarters.wire import WireError, encode

names = st.uuids().map(str)
short = st.text(max_size=40)
numbers = st.integers(0, 1 << 53)
faces = st.builds(Face, st.text(min_size=1, max_size=80), st.binary(min_size=1, max_size=64), st.binary(max_size=64))
questions = st.builds(
    Question,
    names,
    st.sampled_from(Topic),
    st.lists(st.text(max_size=44), min_size=2, max_size=3).map(tuple),
    st.text(min_size=1, max_size=40),
    st.text(max_size=3),
    st.text(max_size=2),
    st.lists(st.tuples(st.integers(0, 10), st.binary(max_size=40)), min_size=1, max_size=10).map(tuple),
    st.tuples(faces),
    st.lists(short, max_size=4).map(tuple),
).filter(lambda one: one.complete)
scopes = st.builds(Scope, short, short, short, numbers, st.none() | numbers, st.booleans(), numbers)
words = st.lists(short, max_size=4).map(tuple)
hits = st.builds(Hit, short, short, numbers, words, words)
answers = st.builds(
    Answer,
    names,
    st.sampled_from(AgencySystem),
    st.sampled_from(Outcome),
    st.text(max_size=16),
    st.none() | numbers,
    st.none() | numbers,
    numbers,
    st.lists(scopes, max_size=3).map(tuple),
    st.lists(hits, max_size=3).map(tuple),
)


@given(
    st.text(max_size=200),
    st.integers(0, 10_000),
    st.lists(questions, min_size=1, max_size=4, unique_by=lambda q: q.question_id),
)
def test_questions_arrive_as_they_were_asked(station: str, deadline: int, asked: list[Question]) -> None:
    message = Questions(station, deadline, tuple(asked))
    assert Questions.decode(message.encode()) == message


@given(st.text(max_size=200), st.lists(answers, max_size=4))
def test_answers_arrive_as_they_were_given(gateway: str, told: list[Answer]) -> None:
    message = Answers(gateway, tuple(told))
    assert Answers.decode(message.encode()) == message


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_a_typed_refusal(data: bytes) -> None:
    for kind in (Questions, Answers):
        with pytest.raises(WireError):
            kind.decode(data)


@given(st.data())
def test_a_changed_message_is_a_message_or_a_typed_refusal(data: st.DataObject) -> None:
    message = Questions("station", 2500, (data.draw(questions),)).encode()
    at, byte = data.draw(st.integers(0, len(message) - 1)), data.draw(st.integers(0, 255))
    with contextlib.suppress(WireError):
        Questions.decode(message[:at] + bytes([byte]) + message[at + 1 :])


def test_limits_hold() -> None:
    name = uuid.uuid4().bytes
    question = Question(str(uuid.UUID(bytes=name)), Topic.FINGERPRINTS, fingers=((1, bytes(65 << 10)),))
    many = [Question(str(uuid.uuid4()), Topic.DOCUMENT, number="X").plain() for _ in range(9)]
    for message in (
        Questions("s", 1, (question,)).encode(),
        encode(["questions/1", "s", 1, many]),
        encode(["questions/1", "s", 10_001, many[:1]]),
        encode(["questions/1", "s", 1, []]),
        encode(["questions/2", "s", 1, many[:1]]),
    ):
        with pytest.raises(WireError):
            Questions.decode(message)
