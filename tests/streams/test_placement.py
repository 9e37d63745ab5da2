"""A customer is where Kafka's own producers would put it."""

from aiokafka.partitioner import murmur2 as aiokafkas
from hypothesis import given
from hypothesis import strategies as st

from streams.placement import murmur2, partition_of


@given(st.binary(max_size=80))
def test_a_key_is_hashed_as_kafka_does(key: bytes) -> None:
    assert murmur2(key) == aiokafkas(key) & 0xFFFFFFFF


def test_a_partition_is_the_one_that_java_says() -> None:
    """The values are of Kafka's own test (UtilsTest.testMurmur2)."""
    assert murmur2(b"21") == -973932308 & 0xFFFFFFFF
    assert murmur2(b"foobar") == -790332482 & 0xFFFFFFFF
    assert murmur2(b"a-little-bit-long-string") == -985981536 & 0xFFFFFFFF
    assert partition_of("foobar", 12) == (-790332482 & 0x7FFFFFFF) % 12
