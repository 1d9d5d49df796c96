"""Compares the structures of examples/python with what the library says of its own, by the rules for struct_size, and prints their layout.

    layout.py LIBRARY CONFIG.json

Nothing here knows the header: the sizes and offsets are those that ctypes makes of the Python declarations.
"""

import ctypes
import sys
import threading
from ctypes import byref, c_char, c_void_p, sizeof
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "examples" / "python"))
sys.dont_write_bytecode = True
import teams_presence_sync as tps  # noqa: E402

library = tps.load(sys.argv[1])
with open(sys.argv[2], "rb") as file:
    config = file.read()
err = ctypes.create_string_buffer(512)
failures = 0


def check(good, what):
    global failures
    if not good:
        failures += 1
        print(f"WRONG: {what}", file=sys.stderr)


def answers(status, expected, words, what):
    text = err.value.decode()
    check(status == expected and words in text, f"{what}: {library.tps_status_name(status).decode()}: {text}")


def new(callbacks):
    sync = c_void_p()
    tps.expect_ok(library, library.tps_create(config, len(config), callbacks, byref(sync), err, len(err)), err)
    return sync


def grown(structure, value, tail):
    """A copy of `value` that says it is 8 bytes longer, with `tail` behind what Python knows."""
    room = (c_char * (sizeof(structure) + 8))()
    ctypes.memmove(room, byref(value), sizeof(structure))
    copy = structure.from_buffer(room)
    copy.struct_size = len(room)
    room[sizeof(structure)] = tail
    return copy


# -- into the library: a longer struct is accepted where the unknown tail is zero, so the known part ends where Python's does ---------------


def put(sync, user):
    return library.tps_put_user(sync, byref(user), err, len(err))


def user(**fields):
    return tps.User(struct_size=sizeof(tps.User), user_id=b"101", email=b"ann@contoso.test", **fields)


sync = new(tps.Callbacks())
answers(put(sync, user()), tps.OK, "", "a user")
answers(put(sync, grown(tps.User, user(), 0)), tps.OK, "", "a longer user")
answers(put(sync, grown(tps.User, user(), 1)), tps.E_ABI, "user", "a longer user with something unknown")
for size in (sizeof(tps.User) - 4, 8, 4104):
    other = user()
    other.struct_size = size
    answers(put(sync, other), tps.E_ABI, "struct_size", f"a user of {size} bytes")
# The library names the field that it finds at this place.
for field in ("host_dnd", "reserved", "host_queue_dnd", "reserved_queue"):
    answers(put(sync, user(**{field: 77})), tps.E_INVALID_ARG, f"user.{field}", field)
for field in ("user_id", "email", "entra_object_id", "rule_set"):
    other = user()
    setattr(other, field, b"\xff")
    answers(put(sync, other), tps.E_INVALID_ARG, f"user.{field}: not UTF-8", field)

callbacks = tps.Callbacks()
answers(library.tps_create(config, len(config), grown(tps.Callbacks, callbacks, 1), byref(c_void_p()), err, len(err)),
        tps.E_ABI, "callbacks", "longer callbacks with something unknown")  # fmt: skip
callbacks.reserved = 1
answers(library.tps_create(config, len(config), callbacks, byref(c_void_p()), err, len(err)),
        tps.E_INVALID_ARG, "callbacks.reserved", "reserved")  # fmt: skip
callbacks = tps.Callbacks()
callbacks.abi_version = 2 << 16
answers(library.tps_create(config, len(config), callbacks, byref(c_void_p()), err, len(err)),
        tps.E_ABI, "callbacks.abi_version", "abi_version")  # fmt: skip

# -- out of the library: so many bytes are zeroed, then filled ------------------------------------------------------------------------------

room = (c_char * (sizeof(tps.State) + 8))(*[b"\xaa"] * (sizeof(tps.State) + 8))
state = tps.State.from_buffer(room)
state.struct_size = sizeof(tps.State)
tps.expect_ok(library, library.tps_get_state(sync, b"101", byref(state)))
check(bytes(room[sizeof(tps.State) :]) == b"\xaa" * 8, "tps_get_state wrote behind the end")
check(state.struct_size == sizeof(tps.State) and state.reserved == 0 and state.matched == 0, "tps_get_state filled something else")
tps.expect_ok(library, library.tps_stop(sync, 5000))
tps.expect_ok(library, library.tps_destroy(sync))

# -- in callbacks: struct_size is what the library wrote -------------------------------------------------------------------------------------

told = {}
changed = threading.Condition()


def note(name, answer):
    def callback(_user_data, structure):
        with changed:
            told[name] = structure.contents.struct_size
            changed.notify_all()
        return answer

    return callback


# No address: what the handle of an object of Python's own is must come back as it went in.
seen = []
callbacks = tps.Callbacks(
    on_dnd=tps.answering(tps.ON_DND, note("tps_dnd_change", tps.ACK_APPLIED)),
    on_chat_state=tps.answering(tps.ON_CHAT_STATE, note("tps_chat_change", tps.ACK_APPLIED)),
    on_presence=tps.answering(tps.ON_PRESENCE, note("tps_presence", None)),
    on_event=tps.answering(tps.ON_EVENT, note("tps_event", None)),
    on_released=tps.answering(tps.ON_RELEASED, seen.append),
)
callbacks.user_data = 0x1234
sync = new(callbacks)
tps.expect_ok(library, put(sync, user()), err)
tps.expect_ok(library, library.tps_start(sync, err, len(err)), err)
with changed:
    check(changed.wait_for(lambda: len(told) == 4, timeout=20), f"not all callbacks came: {told}")
tps.expect_ok(library, library.tps_get_state(sync, b"101", byref(state)))
check(state.matched == 1 and len(state.entra_object_id) == 36 and state.observed_at_ms > 0, "the state of a known user")
tps.expect_ok(library, library.tps_stop(sync, 20000))
tps.expect_ok(library, library.tps_destroy(sync))
check(seen == [0x1234], f"user_data came back as {seen}")
for name, size in told.items():
    check(size == sizeof(tps.STRUCTURES[name]), f"{name} has {size} bytes in the library, {sizeof(tps.STRUCTURES[name])} here")
# The texts that grow come back whole.
sync = new(tps.Callbacks())
stats = tps.text_of(library, lambda buffer, length: library.tps_stats(sync, buffer, length))
check(stats[0] == "{" and stats[-1] == "}" and len(stats) > 1024, "tps_stats")
tps.expect_ok(library, library.tps_stop(sync, 0))
tps.expect_ok(library, library.tps_destroy(sync))

print("\n".join(tps.layout()))
sys.exit(1 if failures else 0)
