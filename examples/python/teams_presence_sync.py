"""teams_presence_sync.h for Python 3.9 and later, by ctypes; nothing to install beside the library.

The structures and functions stand here as in the header, under their names without `tps_`; what each means stands there. `load` opens the
library and compares what it expects with what it was told here.

Three things to know:

- ctypes answers 0 for a callback that raises, and 0 is TPS_ACK_APPLIED. `answering` catches, reports, and answers TPS_ACK_RETRY.
- A callback object that Python frees while the library still has its address ends the process. Keep the Callbacks until `destroy`.
- Calls release the interpreter lock, callbacks take it. Do not call `stop` while holding a lock that a callback takes.
"""

import ctypes
import sys
import traceback
from ctypes import CFUNCTYPE, POINTER, c_char, c_char_p, c_int32, c_int64, c_size_t, c_uint32, c_uint64, c_void_p

ABI_VERSION = 0x00010000
OK = 0
E_INVALID_ARG, E_CONFIG, E_HANDLE, E_STATE, E_REENTRANT, E_TIMEOUT, E_TOO_SMALL, E_NOT_FOUND = range(-1, -9, -1)
E_AMBIGUOUS, E_NEEDS_RESTART, E_ABI, E_FORKED, E_LOCKED, E_SYSTEM = range(-9, -15, -1)
E_INTERNAL = -99
DND_OFF, DND_ON = 1, 2
CHAT = {1: "available", 2: "away", 3: "do not disturb", 4: "extended away", 5: "offline", 6: "released"}
ACK_APPLIED, ACK_RETRY, ACK_PENDING, ACK_ALREADY, ACK_GONE = range(5)


class Presence(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_size_t),
        ("user_id", c_char_p),
        ("email", c_char_p),
        ("entra_object_id", c_char_p),
        ("availability_text", c_char_p),
        ("activity_text", c_char_p),
        ("availability", c_int32),
        ("activity", c_int32),
        ("out_of_office", c_int32),
        ("source", c_int32),
        ("observed_at_ms", c_int64),
    ]


class DndChange(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_size_t),
        ("change_id", c_uint64),
        ("user_id", c_char_p),
        ("email", c_char_p),
        ("presence", POINTER(Presence)),
        ("decided_at_ms", c_int64),
        ("dnd", c_int32),
        ("reason", c_int32),
        ("attempt", c_uint32),
        ("reserved", c_int32),
    ]


class ChatChange(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_size_t),
        ("change_id", c_uint64),
        ("user_id", c_char_p),
        ("email", c_char_p),
        ("presence", POINTER(Presence)),
        ("decided_at_ms", c_int64),
        ("chat_state", c_int32),
        ("reason", c_int32),
        ("attempt", c_uint32),
        ("reserved", c_int32),
    ]


class Event(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_size_t),
        ("user_id", c_char_p),
        ("message", c_char_p),
        ("remedy", c_char_p),
        ("json", c_char_p),
        ("json_len", c_size_t),
        ("at_ms", c_int64),
        ("code", c_int32),
        ("severity", c_int32),
    ]


class User(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_size_t),
        ("user_id", c_char_p),
        ("email", c_char_p),
        ("entra_object_id", c_char_p),
        ("rule_set", c_char_p),
        ("host_dnd", c_int32),
        ("reserved", c_int32),
        ("host_queue_dnd", c_int32),
        ("reserved_queue", c_int32),
    ]


class State(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_size_t),
        ("matched", c_int32),
        ("availability", c_int32),
        ("activity", c_int32),
        ("out_of_office", c_int32),
        ("stale", c_int32),
        ("dnd_desired", c_int32),
        ("dnd_acknowledged", c_int32),
        ("dnd_owned", c_int32),
        ("chat_desired", c_int32),
        ("chat_acknowledged", c_int32),
        ("observed_at_ms", c_int64),
        ("acknowledged_at_ms", c_int64),
        ("entra_object_id", c_char * 40),
        ("queue_desired", c_int32),
        ("queue_acknowledged", c_int32),
        ("queue_owned", c_int32),
        ("reserved", c_int32),
    ]


ON_DND = CFUNCTYPE(c_int32, c_void_p, POINTER(DndChange))
ON_CHAT_STATE = CFUNCTYPE(c_int32, c_void_p, POINTER(ChatChange))
ON_PRESENCE = CFUNCTYPE(None, c_void_p, POINTER(Presence))
ON_EVENT = CFUNCTYPE(None, c_void_p, POINTER(Event))
ON_LOG = CFUNCTYPE(None, c_void_p, c_int32, c_char_p, c_char_p, c_size_t)
ON_THREAD = CFUNCTYPE(None, c_void_p, c_char_p)
ON_RELEASED = CFUNCTYPE(None, c_void_p)
TEXT_FN = CFUNCTYPE(None, c_void_p, c_char_p, c_size_t)


class Callbacks(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_size_t),
        ("abi_version", c_uint32),
        ("reserved", c_uint32),
        ("user_data", c_void_p),
        ("on_dnd", ON_DND),
        ("on_chat_state", ON_CHAT_STATE),
        ("on_presence", ON_PRESENCE),
        ("on_event", ON_EVENT),
        ("on_log", ON_LOG),
        ("on_thread_start", ON_THREAD),
        ("on_thread_stop", ON_THREAD),
        ("on_released", ON_RELEASED),
        ("on_queue_dnd", ON_DND),
    ]

    def __init__(self, **callbacks):
        super().__init__(struct_size=ctypes.sizeof(Callbacks), abi_version=ABI_VERSION, **callbacks)


STRUCTURES = {
    "tps_presence": Presence,
    "tps_dnd_change": DndChange,
    "tps_chat_change": ChatChange,
    "tps_event": Event,
    "tps_callbacks": Callbacks,
    "tps_user": User,
    "tps_state": State,
}

_ERR = [c_char_p, c_size_t]
FUNCTIONS = {
    "tps_abi_version": (c_uint32, []),
    "tps_version": (c_char_p, []),
    "tps_status_name": (c_char_p, [c_int32]),
    "tps_create": (c_int32, [c_char_p, c_size_t, POINTER(Callbacks), POINTER(c_void_p), *_ERR]),
    "tps_start": (c_int32, [c_void_p, *_ERR]),
    "tps_reload": (c_int32, [c_void_p, c_char_p, c_size_t, *_ERR]),
    "tps_set_enabled": (c_int32, [c_void_p, c_int32]),
    "tps_stop": (c_int32, [c_void_p, c_int32]),
    "tps_destroy": (c_int32, [c_void_p]),
    "tps_set_users": (c_int32, [c_void_p, POINTER(User), c_size_t, *_ERR]),
    "tps_put_user": (c_int32, [c_void_p, POINTER(User), *_ERR]),
    "tps_remove_user": (c_int32, [c_void_p, c_char_p]),
    "tps_acknowledge": (c_int32, [c_void_p, c_uint64, c_int32]),
    "tps_report_dnd": (c_int32, [c_void_p, c_char_p, c_int32, c_int32]),
    "tps_report_queue": (c_int32, [c_void_p, c_char_p, c_int32, c_int32]),
    "tps_report_call": (c_int32, [c_void_p, c_char_p, c_int32]),
    "tps_refresh": (c_int32, [c_void_p, c_char_p]),
    "tps_deliver_notification": (
        c_int32,
        [c_void_p, c_char_p, c_size_t, c_char_p, c_size_t, POINTER(c_int32), c_char_p, POINTER(c_size_t)],
    ),
    "tps_sign_in": (c_int32, [c_void_p, c_char_p]),
    "tps_sign_out": (c_int32, [c_void_p, c_char_p]),
    "tps_get_state": (c_int32, [c_void_p, c_char_p, POINTER(State)]),
    "tps_explain": (c_int32, [c_void_p, c_char_p, c_char_p, POINTER(c_size_t)]),
    "tps_stats": (c_int32, [c_void_p, c_char_p, POINTER(c_size_t)]),
    "tps_check": (c_int32, [c_char_p, c_size_t, POINTER(User), c_size_t, c_int32, TEXT_FN, c_void_p]),
    "tps_event_fd": (c_int32, [c_void_p]),
    "tps_dispatch": (c_int32, [c_void_p, c_int32, c_uint32]),
    "tps_set_log_level": (c_int32, [c_void_p, c_int32]),
}


class Failed(Exception):
    """A call that did not answer TPS_OK."""

    def __init__(self, library, status, text=""):
        self.status = status
        super().__init__(f"{library.tps_status_name(status).decode()}: {text}")


def answering(kind, function):
    """A callback of this kind; what `function` raises is printed and answered by TPS_ACK_RETRY (or dropped, where nothing is answered)."""

    def guarded(*arguments):
        try:
            return function(*arguments)
        except BaseException:  # also KeyboardInterrupt: nothing may leave a callback
            traceback.print_exc(file=sys.stderr)
            return ACK_RETRY if kind in (ON_DND, ON_CHAT_STATE) else None

    return kind(guarded)


def load(path="libteams_presence_sync.so.1"):
    """Opens the library, declares its functions and makes sure that it is the one described here."""
    library = ctypes.CDLL(path)
    for name, (answer, arguments) in FUNCTIONS.items():
        function = getattr(library, name)
        function.restype, function.argtypes = answer, arguments
    have = library.tps_abi_version()
    if have >> 16 != ABI_VERSION >> 16 or have < ABI_VERSION:
        raise RuntimeError(f"{path}: interface {have >> 16}.{have & 0xFFFF}, not {ABI_VERSION >> 16}.{ABI_VERSION & 0xFFFF}")
    return library


def expect_ok(library, status, err=None):
    """Raises unless the status is TPS_OK; `err` is the buffer that the call was given."""
    if status != OK:
        raise Failed(library, status, err.value.decode() if err is not None else "")


def text_of(library, call):
    """The answer of tps_explain or tps_stats: `call` takes a buffer and a length."""
    length = c_size_t(1024)
    while True:
        buffer = ctypes.create_string_buffer(length.value)
        status = call(buffer, ctypes.byref(length))
        if status != E_TOO_SMALL:
            expect_ok(library, status)
            return buffer.value.decode()


def layout():
    """One line for each field, to compare with the header's: what packaging/abi/layout.txt holds."""
    for name, structure in STRUCTURES.items():
        yield f"{name} size {ctypes.sizeof(structure)}"
        for field, *_ in structure._fields_:
            place = getattr(structure, field)
            yield f"{name}.{field} offset {place.offset} size {place.size}"
