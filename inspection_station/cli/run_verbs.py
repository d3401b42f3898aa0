"""``run`` starts the station; ``play`` plays a lesson without a person and reports on it."""

from __future__ import annotations

import argparse
import ctypes
import json
import logging
import os
import platform
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inspection_station.command_line.refusal import refuse
from inspection_station.command_line.standard_streams import output_full
from inspection_station.whole_file import private_folder
from inspection_station.wording import counted

if TYPE_CHECKING:
    from inspection_station.desk.view import Desk
    from inspection_station.station_profile import StationProfile
    from inspection_station.ui.presenters.opening import StartFailure

log = logging.getLogger(__name__)

_USAGE, _MISSING = 2, 3
_MOST_SEED = 2**31 - 1
_SIZES = ((1366, 768), (1920, 1080))
_LANGUAGES = ("zh_TW", "en")
_LESSON_FOLDER = Path(".run/lesson")
_LESSON_HEADQUARTERS = Path(".run/headquarters")
_ANSWER_SECONDS = 2.0


def register(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``run`` and ``play``."""
    run = verbs.add_parser("run", help="start the station; without a display, play a lesson and leave screenshots")
    run.add_argument("--profile", metavar="NAME", help="training (default), laptop, cart, or one of your own")
    run.add_argument("--data", metavar="DIR", type=Path, help="data folder instead of the profile's own")
    run.add_argument("--windowed", action="store_true", help="a window instead of the whole screen")
    run.add_argument("--language", choices=_LANGUAGES, help="language at the start (F10 switches)")
    run.add_argument("--officer", metavar="ID", help="the officer on duty; a live station asks for it")
    run.add_argument("--json", action="store_true")
    run.set_defaults(run=_run)

    play = verbs.add_parser("play", help="play a lesson with synthetic travellers and report on it")
    play.add_argument("--scenario", default="quayside", metavar="NAME")
    play.add_argument("--profile", metavar="NAME", help="training (default), or one of your own")
    play.add_argument("--seed", type=int, default=1)
    play.add_argument("--travellers", type=int, default=5, metavar="N")
    fault = "a story, a chip, or STORY:CHIP; NAME@N: for the N-th traveller alone; may be repeated"
    play.add_argument("--fault", action="append", default=[], metavar="NAME", help=fault)
    play.add_argument("--pace", type=float, default=0.0, help="1: devices take their time as in life; 0: no waiting")
    play.add_argument("--screenshots", type=Path, metavar="DIR")
    play.add_argument(
        "--data", metavar="DIR", type=Path, help="keep the store here (default: a folder that is removed)"
    )
    play.add_argument(
        "--headquarters", metavar="DIR", type=Path, help="start one on this machine for the records to arrive at"
    )
    play.add_argument("--progress", action="store_true", help="a JSON line on stderr for every record sealed")
    play.add_argument("--json", action="store_true")
    play.set_defaults(run=_play)


def has_display() -> bool:
    """Whether a window can be shown: not on a Linux without a display that answers, nor where Qt is told so."""
    if os.environ.get("QT_QPA_PLATFORM", "").startswith(("offscreen", "minimal")):
        return False
    if platform.system() != "Linux":
        return True
    return _wayland_listens(os.environ.get("WAYLAND_DISPLAY", "")) or (
        bool(os.environ.get("DISPLAY")) and _x_server_answers()
    )


def _wayland_listens(name: str) -> bool:
    """Whether somebody takes a connection at the socket of this name below XDG_RUNTIME_DIR, or of this whole path."""
    if not name:
        return False
    place = Path(os.environ.get("XDG_RUNTIME_DIR", "")) / name
    with socket.socket(socket.AF_UNIX) as ours:
        ours.settimeout(_ANSWER_SECONDS)
        try:
            ours.connect(str(place))
        except (OSError, ValueError):
            return False
    return True


def _x_server_answers() -> bool:
    """Whether the server that DISPLAY names lets us in. Qt would abort the process where it does not."""
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:
        return True  # Qt's own library is asked when the window opens
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connection_has_error.argtypes = xcb.xcb_disconnect.argtypes = [ctypes.c_void_p]
    connection = xcb.xcb_connect(None, None)
    answers: bool = xcb.xcb_connection_has_error(connection) == 0
    xcb.xcb_disconnect(connection)
    return answers


def _run(options: argparse.Namespace) -> int:
    from inspection_station.station_profile import ProfileError, load_profile

    try:
        profile = load_profile(options.profile, data_folder=options.data)
    except ProfileError as error:
        return refuse(options.json, _USAGE, "PRO-01", str(error))
    if (options.language or profile.language) not in _LANGUAGES:
        wanted = ", ".join(_LANGUAGES)
        return refuse(options.json, _USAGE, "PRO-01", f"profile {profile.name}: language is one of {wanted}")
    if not has_display():
        if not profile.training:
            return refuse(options.json, _MISSING, "SYS-03", "no display: a live station needs a screen")
        return _lesson_without_display(options)
    return _show(profile, options)


def _show(profile: StationProfile, options: argparse.Namespace) -> int:
    """Open the station behind its opening window, then show it. What keeps it from opening is told on that window and,
    when the officer gives up, on standard error.
    """
    from inspection_station.ui.opening import NotOpened, open_behind_window

    kiosk = profile.kiosk and not options.windowed
    with _logged("run ended") as ended, ExitStack() as stack:
        try:
            opened = open_behind_window(
                lambda progress: _opened(profile, options, stack, progress),
                _failure,
                training=profile.training,
                theme=profile.theme,
                touch_target=profile.touch_target,
                kiosk=kiosk,
            )
        except NotOpened as none:
            if none.error is None:
                ended["why"] = "told to end"
                return 0
            ended["code"] = code_of(none.error)
            return _not_started(options.json, none.error)
        from inspection_station.ui.application import run_window
        from inspection_station.ui.presenters.pass_by_itself import PassByItself

        ended["why"] = "window closed"
        stack.callback(opened.window.finish)  # also where another station turns out to run already
        return run_window(
            opened.value,
            training=profile.training,
            language=options.language or profile.language,
            kiosk=kiosk,
            theme=profile.theme,
            touch_target=profile.touch_target,
            by_itself=PassByItself(profile.pass_by_itself_seconds, profile.confirm_every),
            lock_file=profile.data_folder / "window.lock",
            crash_folder=profile.data_folder / "log",
            ready=opened.window.give_way,
        )


def _opened(
    profile: StationProfile, options: argparse.Namespace, stack: ExitStack, progress: Callable[[str], None]
) -> Desk:
    """The running station's desk, on whatever thread opens it; ``stack`` closes the station. Nothing is left open where
    this raises, so that it can be tried again.
    """
    from inspection_station.log_setup import set_up_logging

    set_up_logging(profile.data_folder / "log")
    from inspection_station.app import desk_for, open_station
    from inspection_station.cli.arrival import headquarters_beside
    from inspection_station.composition.loopback_headquarters import FOLDER as HEADQUARTERS_FOLDER
    from inspection_station.ui import application  # noqa: F401 - what the window needs is loaded here as well

    with ExitStack() as opening:
        if profile.training:
            progress("headquarters")
            headquarters_beside(profile, profile.data_folder / HEADQUARTERS_FOLDER, opening)
        station = open_station(profile, opening, officer_id=options.officer, progress=progress)
        desk = desk_for(station)
        stack.push(opening.pop_all())
    return desk


def _failure(error: Exception) -> StartFailure:
    """Code and detail for the opening window; a fault that nobody foresaw goes to the log with its places."""
    from inspection_station.matching.ports import FaceModelMissing
    from inspection_station.ui.presenters.opening import StartFailure

    code = code_of(error)
    if code == "SYS-01":
        log.error("the station did not open", exc_info=error)
        return StartFailure(code, type(error).__name__)
    if isinstance(error, FaceModelMissing):
        return StartFailure(code, f"{error.what}: {error.next_action}")
    return StartFailure(code, (error.strerror or "") if isinstance(error, OSError) else str(error))


def _lesson_without_display(options: argparse.Namespace) -> int:
    sys.stderr.write("no display: playing a lesson instead of opening a window\n")
    options.scenario, options.seed, options.travellers = "quayside", 1, 3
    options.fault, options.pace, options.data, options.progress = [], 0.2, None, False
    options.screenshots, options.headquarters = _LESSON_FOLDER, _LESSON_HEADQUARTERS
    code = _play(options)
    sys.stderr.write(f"screenshots in both languages and two sizes: {_LESSON_FOLDER}\n")
    return code


def _play(options: argparse.Namespace) -> int:
    from inspection_station.cli.arrival import Arrival, both, each, headquarters_beside
    from inspection_station.cli.play import Play, perform, right
    from inspection_station.log_setup import set_up_logging
    from inspection_station.station_profile import ProfileError, load_profile

    try:
        _require_playable(options)
    except ValueError as error:
        return refuse(options.json, _USAGE, "USE-01", str(error))
    play = Play(options.scenario, options.seed, options.travellers, options.pace, tuple(options.fault))
    with ExitStack() as stack:
        folder = options.data or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="station-lesson-")))
        ended = {}
        try:
            set_up_logging(folder / "log")
            ended = stack.enter_context(_logged("play ended"))
            profile = load_profile(options.profile or "training", data_folder=folder)
            if not profile.training:
                raise ProfileError(f"profile {profile.name}: a lesson is played on a training profile")
            arrival = None
            if options.headquarters is not None:
                arrival = Arrival(headquarters_beside(profile, options.headquarters, stack), options.travellers)
            pictures = _screenshots(options.screenshots, stack)
            report = perform(
                profile,
                play,
                on_traveller=each(arrival, None if options.json else _say),
                on_sealed=_tell if options.progress else lambda *sealed: None,
                on_snapshot=both(arrival, None if pictures is None else pictures.look),
                meanwhile=pictures.pump if pictures is not None else lambda: None,
            )
        except BrokenPipeError:
            ended["why"] = "nobody reads the report"
            raise  # whoever read us went away; ``main`` knows what to do
        except Exception as error:
            ended["code"] = code_of(error)
            return _not_started(options.json, error)
        ended |= {"why": "played", "travellers": len(report["travellers"]), "lost": report["lost"]}
        if arrival is not None and arrival.told:
            sys.stderr.write(arrival.told + "\n")
    if options.json:
        sys.stdout.write(json.dumps(report, ensure_ascii=False) + "\n")
    else:
        kept = len(report["travellers"])
        good = sum(right(traveller) for traveller in report["travellers"])
        print(f"{counted(kept, 'traveller')}, {report['lost']} lost, {good} ended as the answer key says")
    return 1 if report["lost"] else 0


def _require_playable(options: argparse.Namespace) -> None:
    """Raises ValueError, whose text says what is wrong with the options."""
    from inspection_station.inspection.scenario import SCENARIOS
    from inspection_station.training.casting import part

    if options.scenario not in SCENARIOS:
        raise ValueError(f"--scenario: no scenario {options.scenario}: {', '.join(SCENARIOS)}")
    if options.travellers < 1 or not 0 <= options.pace <= 100:
        raise ValueError("--travellers is at least 1, --pace lies between 0 and 100")
    if not 0 <= options.seed <= _MOST_SEED:
        raise ValueError(f"--seed is a whole number, 0 to {_MOST_SEED}")
    for fault in options.fault:
        if (part(fault).place or 1) > options.travellers:
            raise ValueError(f"--fault {fault}: only {counted(options.travellers, 'traveller')} will come")
    for option, folder in (("--screenshots", options.screenshots), ("--headquarters", options.headquarters)):
        if folder is not None:
            try:
                if option == "--headquarters":
                    private_folder(folder)
                folder.mkdir(parents=True, exist_ok=True)
                tempfile.TemporaryFile(dir=folder).close()
            except OSError as error:
                raise ValueError(f"{option}: nothing can be left in that folder: {error.strerror}") from error


@contextmanager
def _logged(event: str) -> Iterator[dict[str, Any]]:
    """Logs the event at the end with what was put into the dict, and with ``why`` it ended unless that is in it."""
    ended: dict[str, Any] = {}
    try:
        yield ended
    except KeyboardInterrupt:
        ended["why"] = "told to end"
        raise
    except BaseException as fault:
        ended.setdefault("why", type(fault).__name__)
        raise
    finally:
        ended.setdefault("why", "refused")
        log.info(event, extra=ended)


def _screenshots(folder: Path | None, stack: ExitStack) -> Any:
    """Something that leaves pictures of the screen, or None."""
    if folder is None:
        return None
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from inspection_station.cli.screenshots import LessonPictures

    pictures = LessonPictures(folder, _LANGUAGES, _SIZES)
    stack.callback(pictures.close)
    return pictures


def _say(traveller: dict[str, Any]) -> None:
    software = sum(step["ms"] - step["device_ms"] for step in traveller["steps"])
    findings = " ".join(f"{one['step']}:{one['code']}" for one in traveller["found"]) or "-"
    print(f"{traveller['id']}  {traveller['disposition']}  {software:6.0f} ms software  {findings}", flush=True)


def _tell(inspection_id: str, disposition: str, record_hash: str) -> None:
    line = {"sealed": {"id": inspection_id, "disposition": disposition, "hash": record_hash}}
    sys.stderr.write(json.dumps(line) + "\n")
    sys.stderr.flush()


def code_of(error: Exception) -> str:
    """The officer's code of what keeps a station from starting; a fault that has none is the program's own."""
    from inspection_station.desk.officer_session import RosterError
    from inspection_station.matching.ports import FaceModelMissing
    from inspection_station.station_profile import ProfileError

    code = getattr(error, "code", None)
    if isinstance(code, str):
        return code
    if isinstance(error, FaceModelMissing):
        return "SYS-02"
    if isinstance(error, OSError):
        return "STO-01" if output_full(error) else "STO-05"
    return "PRO-01" if isinstance(error, (ProfileError, RosterError)) else "SYS-01"


def _not_started(as_json: bool, error: Exception) -> int:
    """A store, key, model or device that keeps the station from starting. Its text is made for people to read."""
    from inspection_station.matching.ports import FaceModelMissing

    code = code_of(error)
    if code == "SYS-01":
        raise error
    if isinstance(error, FaceModelMissing):
        return refuse(as_json, _MISSING, code, error.what, error.next_action)
    if isinstance(error, OSError):
        return refuse(as_json, _MISSING, code, f"the data folder cannot be used: {error.strerror}")
    return refuse(as_json, _USAGE if code == "PRO-01" else _MISSING, code, str(error))
