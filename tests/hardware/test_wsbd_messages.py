"""XML of WS-BD: read safely, written as the standard's schema says."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspection_station.hardware.drivers.wsbd_messages import (
    NAMESPACE,
    WsbdResult,
    WsbdStatus,
    configuration_xml,
    parse_configuration,
    parse_result,
    result_xml,
)
from inspection_station.hardware.errors import DeviceGarbage

SESSION = "d745cd19-facd-4f91-8774-aac5ca9766a2"


def result(inside: str, space: str = NAMESPACE, name: str = "result") -> bytes:
    return f'<{name} xmlns="{space}">{inside}</{name}>'.encode()


def test_a_result_of_another_service_is_read_with_all_its_parts():
    document = f"""<?xml version="1.0" encoding="utf-8"?>
    <result xmlns="{NAMESPACE}" xmlns:i="http://www.w3.org/2001/XMLSchema-instance">
      <status>success</status>
      <captureIds><element>{SESSION}</element></captureIds>
      <metadata>
        <item><key>submodality</key><value i:type="xs:string" xmlns:xs="http://www.w3.org/2001/XMLSchema"
          >leftIndex</value></item>
        <item><key>resolution</key><value><width>500</width><height>500</height></value></item>
      </metadata>
      <message>for ERIKSSON, ANNA</message>
      <sensorData>
        aGVs
        bG8=
      </sensorData>
      <sessionId i:nil="true"/>
    </result>""".encode()
    read = parse_result(document)
    assert read.status is WsbdStatus.SUCCESS
    assert read.capture_ids == (SESSION,)
    assert read.metadata == {"submodality": "leftIndex", "resolution.width": "500", "resolution.height": "500"}
    assert read.sensor_data == b"hello"
    assert read.session_id is None
    assert "ERIKSSON" not in repr(read)


def test_the_namespace_of_the_oasis_edition_is_read_too_and_no_other():
    assert parse_result(result("<status>canceled</status>", "http://docs.oasis-open.org/bioserv/ns/wsbd-1.0"))
    with pytest.raises(DeviceGarbage):
        parse_result(result("<status>canceled</status>", "urn:something"))


def test_the_misspelt_status_of_the_reference_service_is_understood():
    assert parse_result(result("<status>noSuchParamter</status>")).status is WsbdStatus.NO_SUCH_PARAMETER


BOMB = "<!DOCTYPE r [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>]>"


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"not xml",
        BOMB.encode() + result("<status>&b;</status>"),
        b'<!DOCTYPE r SYSTEM "file:///etc/hostname">' + result("<status>success</status>"),
        b'<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/hostname">]>' + result("<status>&x;</status>"),
        result("<status>success</status>", name="answer"),
        result("<status>perhaps</status>"),
        result(""),
        result("<status>success</status><sessionId>../../admin</sessionId>"),
        result("<status>success</status><captureIds><element>1</element></captureIds>"),
        result("<status>success</status><sensorData>%%%</sensorData>"),
        result("<a>" * 40 + "</a>" * 40),
        result("<status>success</status>" + "<a/>" * 30_000),
        result("<status>success</status>")[:-4],
        b'<?xml version="1.0" encoding="no-such"?>' + result("<status>success</status>"),
    ],
)
def test_what_is_no_result_is_garbage(document):
    with pytest.raises(DeviceGarbage):
        parse_result(document)


uuids = st.uuids().map(str)
words = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x2FF, exclude_characters="\x7f"), min_size=1).map(
    lambda text: text[:90]
)


@settings(deadline=None)
@given(
    st.builds(
        WsbdResult,
        st.sampled_from(WsbdStatus),
        st.none() | uuids,
        st.lists(uuids, max_size=4).map(tuple),
        st.lists(words.filter(str.strip), max_size=3).map(tuple),
        st.dictionaries(words, words, max_size=4),
        st.none() | st.binary(min_size=1, max_size=200),
    )
)
def test_every_result_is_read_as_it_was_written(written):
    assert parse_result(result_xml(written)) == written


@settings(deadline=None)
@given(st.binary(max_size=400) | st.text(max_size=200).map(str.encode) | st.binary(max_size=60).map(
    lambda noise: result("<status>success</status>")[:30] + noise + result("<status>success</status>")[30:]
))  # fmt: skip
def test_any_bytes_are_a_result_or_garbage(document):
    try:
        assert parse_result(document).status in WsbdStatus
    except DeviceGarbage:
        return


@settings(deadline=None)
@given(st.dictionaries(words, st.booleans() | st.integers() | words, max_size=5))
def test_a_configuration_names_the_types_of_its_values(values):
    document = configuration_xml(values)
    expected = {key: str(v).lower() if isinstance(v, bool) else str(v) for key, v in values.items()}
    assert parse_configuration(document) == expected
    assert document.count(b"xs:boolean") == sum(isinstance(v, bool) for v in values.values())


def test_a_value_that_xml_cannot_hold_is_refused():
    with pytest.raises(ValueError, match="XML"):
        configuration_xml({"key": "\x00"})
