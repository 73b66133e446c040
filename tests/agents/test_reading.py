import io
import random
import struct
import time
import tracemalloc
import zipfile
import zlib

import pytest

from mesascope.agents.reading import MAXIMUM_BYTES, Archive
from mesascope.core.errors import UntrustedModelError
from tests.agents.hostile_files import zipped

NOISE = random.Random(0).randbytes(50_000)
MEMBERS = {"a/numbers": NOISE, "text": b"letters " * 40, "empty": b""}


def lying(content: bytes, name: bytes, *, size: int, checksum: int | None = None) -> bytes:
    """An archive whose list of members says another size of one member than it has."""
    place = content.rindex(name) - 46
    assert content[place : place + 4] == b"PK\x01\x02"
    changed = struct.pack("<I", size)
    content = content[: place + 24] + changed + content[place + 28 :]
    if checksum is not None:
        content = content[: place + 16] + struct.pack("<I", checksum) + content[place + 20 :]
    return content


def unpacked(content: bytes) -> dict[str, bytes]:
    archive = Archive(content, path="zip")
    return {name: archive.read(name) for name in archive.names}


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_members_are_read_as_zipfile_reads_them(compression):
    content = zipped(MEMBERS, compression=compression)
    assert unpacked(content) == MEMBERS
    with pytest.raises(UntrustedModelError, match="missing"):
        Archive(content, path="zip").read("txet")


def test_a_member_never_unpacks_to_more_than_it_says():
    huge = b"\0" * 2**26
    small = zipped({"m": NOISE}, compression=zipfile.ZIP_DEFLATED)
    packer = zlib.compressobj(9, wbits=-15)
    packed = packer.compress(huge) + packer.flush()
    # The list says 100 bytes with the right checksum of those, and the member is 64 MiB.
    head = struct.pack("<4sHHHHHIIIHH", b"PK\x03\x04", 20, 0, 8, 0, 0, 0, len(packed), 100, 1, 0) + b"m"
    entry = struct.pack(
        "<4sHHHHHHIIIHHHHHII",
        *(b"PK\x01\x02", 20, 20, 0, 8, 0, 0, zlib.crc32(huge[:100]), len(packed), 100, 1, 0, 0, 0, 0, 0, 0),
    )
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 1, 1, len(entry) + 1, len(head) + len(packed), 0)
    bomb = head + packed + entry + b"m" + end
    with zipfile.ZipFile(io.BytesIO(bomb)) as archive:
        assert archive.namelist() == ["m"]
    tracemalloc.start()
    with pytest.raises(UntrustedModelError, match="not what the list of members says"):
        Archive(bomb, path="zip").read("m")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * len(bomb)
    for size in (len(NOISE) - 1, len(NOISE) + 1):
        with pytest.raises(UntrustedModelError, match="not what the list of members says"):
            Archive(lying(small, b"m", size=size), path="zip").read("m")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (lying(zipped({"m": NOISE}), b"m", size=2**31), "100 times|unpacks to"),
        (lying(zipped({"m": NOISE}), b"m", size=len(NOISE) + 1), "not what the list"),
        (lying(zipped({"m": NOISE}), b"m", size=len(NOISE), checksum=1), "not what the list"),
        (zipped({"m": NOISE}).replace(b"PK\x03\x04", b"PK\x03\x05"), "not where it should be"),
        (zipped({"m\x1b[2Jx": b"", "m": NOISE}).replace(NOISE[:9], b"123456789"), "not what the list"),
        (zipped({f"{index}": NOISE for index in range(20)}, compression=zipfile.ZIP_BZIP2), "unusual way"),
    ],
    ids=range(6),
)
def test_archives_that_lie_are_refused(content, message):
    start = time.process_time()
    with pytest.raises(UntrustedModelError, match=message) as caught:
        unpacked(content)
    assert time.process_time() - start < 2
    assert str(caught.value).isprintable()


def test_members_that_lie_over_each_other_count_as_often_as_they_are_listed():
    # One member of 16 MiB, listed 100 times under different names.
    content = zipped({"0000": b"\1" * 2**24}, compression=zipfile.ZIP_STORED)
    start = content.rindex(b"PK\x01\x02")
    entry, end = content[start:-22], content[-22:]
    entries = b"".join(entry.replace(b"0000", b"%04d" % index) for index in range(100))
    end = end[:8] + struct.pack("<HHI", 100, 100, len(entries)) + end[16:]
    with pytest.raises(UntrustedModelError, match=f"at most {MAXIMUM_BYTES:,}"):
        Archive(content[:start] + entries + end, path="zip")
