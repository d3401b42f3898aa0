"""Makes the dictionary that packets of the exchange are compressed with, from lessons played on training devices:

    python installer/exchange_dictionary.py FOLDER… > resources/exchange/dictionary-N.zdict

Each FOLDER is a training station's data folder (``inspection-station play --data FOLDER``). A folder without the
training mark is refused, so nothing of a real person can come into a file that we ship. A dictionary is never
changed once it was released; a better one gets the next number.
"""

from __future__ import annotations

import sys
from pathlib import Path

import zstandard

from inspection_station.headquarters.packing import take_out
from inspection_station.storage.connection import open_reader
from inspection_station.storage.keys import TrainingFolderKeys
from inspection_station.storage.records import read_message

SIZE = 16 << 10


def bodies(folder: Path) -> list[bytes]:
    """Every decision and alert of a training station. Raises KeyStoreRefused for any other."""
    connection = open_reader(folder, TrainingFolderKeys(folder).key(create=False))
    rows = connection.execute("select message_id from outbox where kind <> 'picture' order by position").fetchall()
    return [body for (message,) in rows if (body := read_message(connection, message)) is not None]


def main() -> int:
    texts = [take_out(body, b"", [])[0] for folder in sys.argv[1:] for body in bodies(Path(folder))]
    if len(texts) < 30:
        sys.stderr.write(f"{len(texts)} bodies are too few: play more travellers\n")
        return 2
    dictionary = zstandard.train_dictionary(SIZE, texts, level=19, dict_id=1)
    sys.stdout.buffer.write(dictionary.as_bytes())
    sys.stderr.write(f"made from {len(texts)} bodies of {sum(map(len, texts))} bytes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
