"""A file system that loses at a power cut what was not synchronised: for tests, on Linux, as root, through /dev/fuse.

It speaks the kernel's protocol itself (``linux/fuse.h``, version 7.31), so that nothing has to be installed. Contents
lie in memory. What a program wrote is there for every reader at once, and is remembered beside as not yet on the
medium; a cut leaves of it what chance says:

- a write that was not followed by ``fsync`` of its file is kept, lost, or torn at a sector of 512 bytes, each by itself
  and in no order;
- names (create, rename, remove) that were not followed by ``fsync`` of their folder are lost from some point on. In a
  ``strict`` cut nothing but that ``fsync`` keeps them; else any ``fsync`` does, as journals of ext4 and XFS behave.

After the cut every request fails, as of a disk that is gone. A ``lying`` disk says that it synchronised and did not.
Run as a process of its own by ``LosingDisk``.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import random
import stat
import struct
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from losing_tree import Tree

_IN = struct.Struct("<IIQQIIII")
_OUT = struct.Struct("<IiQ")
_ATTR = struct.Struct("<QQQQQQIIIIIIIIII")
_LARGEST = 1 << 17
_SIZE = 1 << 3  # of SETATTR's valid: the size is to change
_MODE = 1 << 0

LOOKUP, FORGET, GETATTR, SETATTR, MKDIR, UNLINK, RMDIR, RENAME = 1, 2, 3, 4, 9, 10, 11, 12
OPEN, READ, WRITE, STATFS, RELEASE, FSYNC, FLUSH, INIT, OPENDIR = 14, 15, 16, 17, 18, 20, 25, 26, 27
READDIR, RELEASEDIR, FSYNCDIR, CREATE, INTERRUPT, DESTROY, BATCH_FORGET, RENAME2 = 28, 29, 30, 35, 36, 38, 42, 45


class _Refused(Exception):
    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class Server:
    """Answers the kernel until the mount is gone."""

    def __init__(self, tree: Tree, descriptor: int, lying: bool) -> None:
        self.tree, self.fd, self.lying = tree, descriptor, lying
        self.lock = threading.Lock()

    def run(self) -> None:
        while True:
            try:
                request = os.read(self.fd, _LARGEST + 4096)
            except OSError as fault:
                if fault.errno in (errno.EINTR, errno.EAGAIN, errno.ENOENT):
                    continue
                return  # unmounted
            _, opcode, unique, node, *_ = _IN.unpack_from(request)
            body = request[_IN.size :]
            if opcode in (FORGET, BATCH_FORGET, INTERRUPT):
                continue
            with self.lock:
                try:
                    answer, error = self._answer(opcode, node, body), 0
                except _Refused as refused:
                    answer, error = b"", -refused.number
                except KeyError:
                    answer, error = b"", -errno.ENOENT
                try:
                    os.write(self.fd, _OUT.pack(_OUT.size + len(answer), error, unique) + answer)
                except OSError:
                    continue  # the asker was killed meanwhile

    def _answer(self, opcode: int, node: int, body: bytes) -> bytes:
        if opcode == INIT:
            major, _, ahead, _ = struct.unpack_from("<IIII", body)
            return struct.pack("<IIIIHHIIHHI28x", major, 31, ahead, 0, 12, 9, _LARGEST, 1, 0, 0, 0)
        if self.tree.gone:
            raise _Refused(errno.EIO)
        act = _ACTS.get(opcode)
        if act is None:
            raise _Refused(errno.ENOSYS)
        done: bytes = act(self, node, body)
        return done

    # Each of these answers one request; layouts are those of linux/fuse.h.

    def lookup(self, node: int, body: bytes) -> bytes:
        return self._entry(self.tree.nodes[node].names[_text(body)])

    def getattr(self, node: int, body: bytes) -> bytes:
        return struct.pack("<QII", 0, 0, 0) + self._attr(node)

    def setattr(self, node: int, body: bytes) -> bytes:
        valid, _, _, size = struct.unpack_from("<IIQQ", body)
        if valid & _SIZE:
            self.tree.resize(node, size)
        if valid & _MODE:
            (mode,) = struct.unpack_from("<I", body, 68)
            self.tree.nodes[node].mode = stat.S_IFMT(self.tree.nodes[node].mode) | stat.S_IMODE(mode)
        return self.getattr(node, b"")

    def mkdir(self, node: int, body: bytes) -> bytes:
        mode, _ = struct.unpack_from("<II", body)
        return self._entry(self.tree.add(node, _text(body[8:]), stat.S_IFDIR | mode))

    def create(self, node: int, body: bytes) -> bytes:
        _, mode, _, _ = struct.unpack_from("<IIII", body)
        made = self.tree.add(node, _text(body[16:]), mode)
        return self._entry(made) + struct.pack("<QII", made, 0, 0)

    def unlink(self, node: int, body: bytes) -> bytes:
        self.tree.nodes[node].names[_text(body)]
        self.tree.name(node, _text(body), None)
        return b""

    def rmdir(self, node: int, body: bytes) -> bytes:
        if self.tree.nodes[self.tree.nodes[node].names[_text(body)]].names:
            raise _Refused(errno.ENOTEMPTY)
        return self.unlink(node, body)

    def rename(self, node: int, body: bytes) -> bytes:
        return self._renamed(node, struct.unpack_from("<Q", body)[0], body[8:])

    def rename2(self, node: int, body: bytes) -> bytes:
        to, flags = struct.unpack_from("<QI", body)
        if flags:
            raise _Refused(errno.EINVAL)
        return self._renamed(node, to, body[16:])

    def _renamed(self, node: int, to: int, names: bytes) -> bytes:
        old, new = names.rstrip(b"\0").split(b"\0")
        moved = self.tree.nodes[node].names[old.decode()]
        self.tree.name(to, new.decode(), moved, (node, old.decode()))
        return b""

    def open(self, node: int, body: bytes) -> bytes:
        (flags,) = struct.unpack_from("<I", body)
        if flags & os.O_TRUNC:
            self.tree.resize(node, 0)
        return struct.pack("<QII", node, 0, 0)

    def read(self, node: int, body: bytes) -> bytes:
        _, offset, size = struct.unpack_from("<QQI", body)
        return bytes(self.tree.nodes[node].data[offset : offset + size])

    def write(self, node: int, body: bytes) -> bytes:
        _, offset, size = struct.unpack_from("<QQI", body)
        self.tree.write(node, offset, body[40 : 40 + size])
        return struct.pack("<II", size, 0)

    def readdir(self, node: int, body: bytes) -> bytes:
        _, offset, size = struct.unpack_from("<QQI", body)
        listed, found = [(".", node), ("..", node), *self.tree.nodes[node].names.items()], b""
        for place, (name, number) in enumerate(listed[offset:], offset + 1):
            text = name.encode()
            kind = self.tree.nodes[number].mode >> 12
            row = struct.pack("<QQII", number, place, len(text), kind) + text
            row += bytes(-len(row) % 8)
            if len(found) + len(row) > size:
                break
            found += row
        return found

    def fsync(self, node: int, body: bytes) -> bytes:
        if not self.lying:
            self.tree.sync(node)
        return b""

    def statfs(self, node: int, body: bytes) -> bytes:
        free = 1 << 22
        return struct.pack("<QQQQQIIII24x", free, free, free, free, free, 4096, 255, 4096, 0)

    def nothing(self, node: int, body: bytes) -> bytes:
        return b""

    def _attr(self, number: int) -> bytes:
        node = self.tree.nodes[number]
        size = len(node.data)
        links = 2 if node.folder else 1
        return _ATTR.pack(number, size, -(-size // 512), 0, 0, 0, 0, 0, 0, node.mode, links, 0, 0, 0, 4096, 0)

    def _entry(self, number: int) -> bytes:
        return struct.pack("<QQQQII", number, 0, 0, 0, 0, 0) + self._attr(number)


_ACTS: dict[int, Any] = {
    LOOKUP: Server.lookup,
    GETATTR: Server.getattr,
    SETATTR: Server.setattr,
    MKDIR: Server.mkdir,
    CREATE: Server.create,
    UNLINK: Server.unlink,
    RMDIR: Server.rmdir,
    RENAME: Server.rename,
    RENAME2: Server.rename2,
    OPEN: Server.open,
    OPENDIR: Server.open,
    READ: Server.read,
    WRITE: Server.write,
    READDIR: Server.readdir,
    FSYNC: Server.fsync,
    FSYNCDIR: Server.fsync,
    STATFS: Server.statfs,
    RELEASE: Server.nothing,
    RELEASEDIR: Server.nothing,
    FLUSH: Server.nothing,
    DESTROY: Server.nothing,
}


def _text(body: bytes) -> str:
    return body.split(b"\0")[0].decode()


class LosingDisk:
    """A folder ``mounted`` whose contents survive in the plain folder ``base`` from one power cut to the next."""

    def __init__(self, base: Path, mounted: Path, *, lying: bool = False) -> None:
        self.base, self.mounted, self._lying = base, mounted, lying
        for folder in (base, mounted):
            folder.mkdir(parents=True, exist_ok=True)
        self._process: subprocess.Popen[str] | None = None

    @staticmethod
    def possible() -> bool:
        """Whether this machine lets a test mount such a disk."""
        return sys.platform == "linux" and os.geteuid() == 0 and os.access("/dev/fuse", os.R_OK | os.W_OK)

    def plug_in(self) -> None:
        """Mount it."""
        command = [sys.executable, __file__, str(self.base), str(self.mounted), *(["lying"] if self._lying else [])]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self._told() != "mounted":
            raise OSError("the disk could not be mounted")

    def lose_power(self, seed: int, *, strict: bool) -> None:
        """From now on every request fails. Kill who uses it, then ``pull_out``."""
        self._tell({"seed": seed, "strict": strict})

    def pull_out(self) -> None:
        """Unmount it; what the cut left lies in ``base``, or everything where there was no cut."""
        if self._process is None:
            return
        self._tell({})
        self._process.wait(30)
        self._process = None

    def _tell(self, what: dict[str, object]) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(what) + "\n")
        self._process.stdin.flush()
        if self._told() != "done":
            raise OSError("the disk did as it was not told")

    def _told(self) -> str:
        assert self._process is not None
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


def _mount(mounted: Path) -> int:
    descriptor = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
    options = f"fd={descriptor},rootmode=40000,user_id=0,group_id=0".encode()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(b"losing-disk", os.fsencode(mounted), b"fuse", 0, options) != 0:
        raise OSError(ctypes.get_errno(), "mount")
    return descriptor


def _unmount(mounted: Path) -> None:
    forced, detached = 1, 2
    ctypes.CDLL(None).umount2(os.fsencode(mounted), forced | detached)


def _put(base: Path, survivors: dict[str, bytes | None]) -> None:
    for path in sorted(base.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    for name, content in survivors.items():
        path = base / name
        if content is None:
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
        else:
            path.write_bytes(content)


def main() -> int:
    base, mounted = Path(sys.argv[1]), Path(sys.argv[2])
    tree = Tree()
    tree.load(base)
    server = Server(tree, _mount(mounted), "lying" in sys.argv)
    threading.Thread(target=server.run, daemon=True).start()
    sys.stdout.write("mounted\n")
    sys.stdout.flush()
    left: dict[str, bytes | None] | None = None
    for line in sys.stdin:
        told = json.loads(line)
        if told:
            with server.lock:
                tree.gone = True
                left = tree.survivors(random.Random(told["seed"]), told["strict"])
        else:
            _unmount(mounted)
            with server.lock:
                if left is None:
                    for number in tree.nodes:
                        tree.sync(number)
                    left = tree.survivors(random.Random(0), False)
            _put(base, left)
        sys.stdout.write("done\n")
        sys.stdout.flush()
        if not told:
            break
    return 0


if __name__ == "__main__":
    sys.exit(main())
