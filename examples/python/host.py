#!/usr/bin/env python3
"""A host in Python: callbacks on the library's thread, DND switched by a thread of its own, until standard input ends.

    python3 host.py [--library PATH] config.json 101=anna@contoso.example 102=ben@contoso.example

DND is answered PENDING and acknowledged by the worker, as for a telephone system that is reached over the network; the chat state is
answered at once.
"""

import argparse
import ctypes
import queue
import sys
import threading

import teams_presence_sync as tps


def say(text):
    print(text, flush=True)


class Host:
    """One instance, its callbacks, and the worker that switches telephones."""

    def __init__(self, library, config):
        self.library = library
        self.jobs = queue.Queue()
        self.err = ctypes.create_string_buffer(1024)
        self.sync = ctypes.c_void_p()
        self.callbacks = tps.Callbacks(
            on_dnd=tps.answering(tps.ON_DND, self.on_dnd),
            on_chat_state=tps.answering(tps.ON_CHAT_STATE, self.on_chat_state),
            on_presence=tps.answering(tps.ON_PRESENCE, self.on_presence),
            on_event=tps.answering(tps.ON_EVENT, self.on_event),
        )
        self.expect_ok(
            library.tps_create(config, len(config), self.callbacks, ctypes.byref(self.sync), self.err, len(self.err))
        )
        self.worker = threading.Thread(target=self.switch_telephones)
        self.worker.start()

    def expect_ok(self, status):
        tps.expect_ok(self.library, status, self.err)

    # -- callbacks: one at a time, on a thread of the library -------------------------------------------------------------------------

    def on_dnd(self, _user_data, change):
        change = change.contents
        # Texts live as long as the callback; .decode() copies them.
        self.jobs.put((change.change_id, change.user_id.decode(), change.dnd == tps.DND_ON))
        return tps.ACK_PENDING

    def on_chat_state(self, _user_data, change):
        change = change.contents
        say(f"{change.user_id.decode()}: chat {tps.CHAT.get(change.chat_state, '?')}")
        return tps.ACK_APPLIED

    def on_presence(self, _user_data, presence):
        presence = presence.contents
        say(f"{presence.user_id.decode()}: {presence.availability_text.decode()}/{presence.activity_text.decode()}")

    def on_event(self, _user_data, event):
        event = event.contents
        print(f"event {event.code}: {event.message.decode()}\n  what to do: {event.remedy.decode()}", file=sys.stderr, flush=True)

    # -- the telephones --------------------------------------------------------------------------------------------------------------

    def switch_telephones(self):
        while (job := self.jobs.get()) is not None:
            change_id, user_id, on = job
            # A real host talks to its telephone system here.
            status = self.library.tps_acknowledge(self.sync, change_id, tps.ACK_APPLIED)
            say(f"{user_id}: DND {'on' if on else 'off'}, acknowledged: {self.library.tps_status_name(status).decode()}")

    # -- life ------------------------------------------------------------------------------------------------------------------------

    def start(self, users):
        self.expect_ok(self.library.tps_set_users(self.sync, users, len(users), self.err, len(self.err)))
        self.expect_ok(self.library.tps_start(self.sync, self.err, len(self.err)))

    def stop(self):
        # The worker still runs: releases are acknowledged too.
        while (status := self.library.tps_stop(self.sync, 5000)) == tps.E_TIMEOUT:
            say("waiting for callbacks")
        self.jobs.put(None)
        self.worker.join()
        say(f"stop: {self.library.tps_status_name(status).decode()}")
        tps.expect_ok(self.library, status)
        tps.expect_ok(self.library, self.library.tps_destroy(self.sync))


def users_of(pairs):
    users = (tps.User * len(pairs))()
    for user, pair in zip(users, pairs):
        user_id, _, email = pair.partition("=")
        user.struct_size = ctypes.sizeof(tps.User)
        user.user_id, user.email = user_id.encode(), email.encode() or None
    return users


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--library", default="libteams_presence_sync.so.1", help="the shared library")
    arguments.add_argument("config", help="the configuration (JSON)")
    arguments.add_argument("users", nargs="+", metavar="USER_ID=EMAIL")
    arguments = arguments.parse_args()
    library = tps.load(arguments.library)
    with open(arguments.config, "rb") as file:
        config = file.read()
    try:
        host = Host(library, config)
    except tps.Failed as failed:
        print(f"create: {failed}", file=sys.stderr)
        return 1
    try:
        host.start(users_of(arguments.users))
        sys.stdin.read()
    except tps.Failed as failed:
        print(f"start: {failed}", file=sys.stderr)
        return 1
    finally:
        host.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
