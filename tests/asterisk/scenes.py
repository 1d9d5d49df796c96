"""What is tried, in order. Each scene begins where the one before it ended; the last line of each is what was observed."""
import json
import sqlite3

from calls import Calls
from configurations import MODULE, Configurations
from crowd import CROWD, Crowd
from pbx import VALGRIND, Asterisk, Teams
from sip import Phone
from wait import Failed, equal, until

PEOPLE = {"101": "ann", "102": "ben", "103": "cleo", "104": "dev", "105": "eva", "106": "finn"}
IN_ASTDB = {"107": "gina", "108": "hugo"}
DEVICES = {"104": ",,PJSIP/104&PJSIP/desk-104"}


class Scenes(Calls, Configurations, Crowd):
    def __init__(self, root, lab):
        self.root, self.lab = root, lab
        self.teams = Teams(lab, len(CROWD))
        self.asterisk = None
        self.phones = {}
        self.users = {**PEOPLE, **CROWD}
        self.document = {}
        self.configure()

    def configure(self, **more):
        with open(self.teams.config_file) as file:
            self.document = json.load(file)
        self.document["source"] = {"mode": "poll", "poll_interval_ms": 250}
        # What is decided is done at once; the holds have tests of their own.
        self.document["dnd"] = {"hold_off_ms": 0}
        self.document.update(more)
        self.write("teams_presence.json", json.dumps(self.document))
        lines = [f"{extension} => {name}@contoso.test{DEVICES.get(extension, '')}" for extension, name in self.users.items() if extension not in IN_ASTDB]
        self.write("teams_presence.conf", "\n".join(["[general]", "users_family = TeamsUsers", "[users]", *lines, ""]))

    def write(self, name, text):
        with open(f"{self.lab}/etc/{name}", "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())

    def start(self, wrapper=()):
        self.asterisk = Asterisk(self.root, self.lab, wrapper)

    def says(self, extension, availability, activity=None):
        self.teams.presence(f"{self.users[extension]}@contoso.test", availability, activity)

    def phone(self, extension):
        if extension not in self.phones:
            self.phones[extension] = Phone(extension, port=15101 if extension == "101" else 0)
        return self.phones[extension]

    def owner(self, extension):
        return self.asterisk.explain(extension)["dnd"]["owner"]

    def owned_by(self, extension, owner):
        until(f"the DND of {extension} is {owner}'s", lambda: ((seen := self.owner(extension)) == owner, seen))

    def polled(self, extension):
        """Waits for a presence that was asked for from here on: the first that comes may have been on its way."""
        for _ in range(2):
            before = self.observed_at(extension)
            until("the next poll", lambda before=before: self.observed_at(extension) > before + 300)

    def observed_at(self, extension):
        presence = self.asterisk.explain(extension)["presence"]
        return presence["observed_at_ms"] if presence else 0

    def matched(self):
        def counted():
            counts = self.asterisk.explain("")["counts"]
            return counts.get("matched") == len(self.users), counts

        until("everybody is found", counted)

    def loads(self):
        self.start()
        self.matched()
        if "Running" not in self.asterisk.cli("module show like teams"):
            raise Failed(self.asterisk.cli("module show like teams"))
        version = self.asterisk.cli("core show version").split(" built")[0]
        return f"{version} runs it; {len(self.users)} extensions of teams_presence.conf are found"

    def three_states(self):
        asterisk, ami = self.asterisk, self.asterisk.manager
        lamp, screen = Phone("watcher"), Phone("watcher", agent="digium")
        lamp.watch("101", "dialog", "application/dialog-info+xml")
        screen.watch("101", "presence", "application/pidf+xml")
        desk = self.phone("101")
        for availability, dnd, word in (("DoNotDisturb", True, "dnd"), ("Away", False, "away"), ("Busy", False, "dnd"),
                                        ("DoNotDisturb", True, "dnd"), ("Available", False, "available")):
            self.says("101", availability)
            asterisk.reach("101", dnd, word)
            # Over the CLI.
            if ("YES" in asterisk.cli("database show DND")) != dnd:
                raise Failed(f"{availability}: {asterisk.cli('database show DND')}")
            if ("State: 'BUSY'" in device_of(asterisk.cli("devstate list"), "Custom:DND101")) != dnd:
                raise Failed(f"{availability}: {asterisk.cli('devstate list')}")
            if f"State: '{word}'" not in presence_of(asterisk.cli("presencestate list"), "CustomPresence:101"):
                raise Failed(f"{availability}: {asterisk.cli('presencestate list')}")
            equal("teams presence show", asterisk.row("101")[1:3], ["on", "Teams"] if dnd else ["off", "-"])
            # Over AMI, told without being asked.
            until("AMI tells the lamp", lambda: (ami.device("Custom:DND101") == ("BUSY" if dnd else "NOT_INUSE"), ami.devices))
            until("AMI tells the presence", lambda: (ami.presence("CustomPresence:101") == word, ami.presences))
            # Over SIP.
            until("NOTIFY lights the lamp", lambda: lamp.shows("<state>confirmed</state>" if dnd else "<state>terminated</state>"))
            until("NOTIFY shows the presence", lambda: screen.shows(f'<digium_presence type="{word}"'))
            # Dialled: refused by the dial plan, or by the phone after it was asked.
            asked = len(desk.rung)
            status, _, _ = self.phone("103").invite("101")
            equal(f"{availability}: a call to 101, and whether it came through", (status, len(desk.rung) - asked), (486, 0) if dnd else (480, 1))
        return (f"five presences: CLI, AMI and AstDB agree; {lamp.notified} NOTIFYs lit and put out the lamp, {screen.notified} showed the presence; "
                f"of five calls {len(desk.rung)} rang, those on DND were refused 486")

    def a_persons(self):
        phone = self.phone("102")
        self.says("102", "Available")
        self.asterisk.reach("102", False, "available")
        phone.dial("*78")
        self.owned_by("102", "person")
        self.asterisk.reach("102", True, "dnd")
        equal("mark", self.asterisk.manager.database("TeamsPresence", "102"), None)
        equal("teams presence show", self.asterisk.row("102")[1:4], ["on", "a", "person"])
        self.says("102", "DoNotDisturb")
        self.polled("102")
        equal("owner", self.owner("102"), "person")
        self.says("102", "Available")
        self.polled("102")
        self.asterisk.reach("102", True, "dnd")
        phone.dial("*79")
        self.asterisk.reach("102", False, "available")
        self.owned_by("102", "nobody")
        # A key that lights the lamp and nothing else: AstDB and presence follow.
        self.asterisk.cli("devstate change Custom:DND102 BUSY")
        self.asterisk.reach("102", True, "dnd")
        self.owned_by("102", "person")
        self.asterisk.cli("devstate change Custom:DND102 NOT_INUSE")
        self.asterisk.reach("102", False, "available")
        # Off and on again while it is ours: from then on a person's.
        self.says("102", "DoNotDisturb")
        self.asterisk.reach("102", True, "dnd")
        self.owned_by("102", "ours")
        equal("mark", self.asterisk.manager.database("TeamsPresence", "102"), "dnd")
        phone.dial("*79")
        phone.dial("*78")
        self.owned_by("102", "person")
        equal("mark", self.asterisk.manager.database("TeamsPresence", "102"), None)
        self.says("102", "Available")
        self.polled("102")
        self.asterisk.reach("102", True, "dnd")
        phone.dial("*79")
        self.asterisk.reach("102", False, "available")
        return "*78 and *79 of a phone, and a lamp switched alone, were a person's; Teams neither took them nor put them out"

    def an_override(self):
        self.says("106", "DoNotDisturb")
        self.asterisk.reach("106", True, "dnd")
        self.owned_by("106", "ours")
        self.phone("106").dial("*79")
        until("overridden", lambda: self.asterisk.explain("106")["dnd"]["overridden"])
        self.polled("106")
        equal("states", self.asterisk.states("106")[:2], (None, "NOT_INUSE"))
        equal("mark", self.asterisk.manager.database("TeamsPresence", "106"), None)
        self.says("106", "Available")
        return "*79 against DND of Teams was respected as an override"

    def astdb_alone(self):
        asterisk = self.asterisk
        self.says("105", "Available")
        asterisk.reach("105", False, "available")
        asterisk.cli("database put DND 105 YES")
        self.says("105", "DoNotDisturb")
        asterisk.reach("105", True, "dnd")
        self.says("105", "Available")
        self.polled("105")
        asterisk.reach("105", True, "dnd")
        equal("mark", asterisk.manager.database("TeamsPresence", "105"), None)
        self.phone("105").dial("*79")
        asterisk.reach("105", False, "available")
        # Ours, taken away behind its back: lamp and presence follow when Teams ends it.
        self.says("105", "DoNotDisturb")
        asterisk.reach("105", True, "dnd")
        asterisk.cli("database del DND 105")
        self.says("105", "Available")
        asterisk.reach("105", False, "available")
        equal("mark", asterisk.manager.database("TeamsPresence", "105"), None)
        return "a change of AstDB alone was found out when Teams next changed, and AstDB, lamp and presence agreed again"

    def reloads(self):
        asterisk = self.asterisk
        self.says("104", "DoNotDisturb")
        asterisk.reach("104", True, "dnd")
        for extension, name in IN_ASTDB.items():
            asterisk.cli(f"database put TeamsUsers {extension} {name}@contoso.test,,PJSIP/desk-{extension}")
        asterisk.cli(f"module reload {MODULE}")
        self.users.update(IN_ASTDB)
        self.matched()
        self.says("107", "DoNotDisturb")
        asterisk.reach("107", True, "dnd")
        # Taken out of the configuration: released.
        del self.users["104"]
        self.configure()
        asterisk.cli(f"module reload {MODULE}")
        asterisk.reach("104", False, "not_set")
        equal("an extension that is none any more", asterisk.row("104"), None)
        # What cannot be read changes nothing.
        for name, text, told in (("teams_presence.json", "{", "Nothing was changed"), ("teams_presence.conf", "[general]\nnothing = 1\n", "has no 'nothing'")):
            self.write(name, text)
            asterisk.cli(f"module reload {MODULE}")
            until(f"{told} is logged", lambda: told in asterisk.log())
            equal("who is shown", [asterisk.row(extension) is not None for extension in ("101", "104", "107")], [True, False, True])
            self.configure()
        self.configure(dispatch={"mode": "shared"})
        asterisk.cli(f"module reload {MODULE}")
        until("a restart is asked for", lambda: "Unload and load the module" in asterisk.log())
        equal("how it runs", "Running" in asterisk.cli(f"module show like {MODULE}") and asterisk.row("107") is not None, True)
        self.users["104"] = PEOPLE["104"]
        self.configure()
        asterisk.cli(f"module reload {MODULE}")
        self.matched()
        asterisk.reach("104", True, "dnd")
        self.says("104", "Available")
        self.says("107", "Available")
        asterisk.reach("104", False, "available")
        asterisk.reach("107", False, "available")
        return "two users came from AstDB, one left and was released, one came back; three bad configurations changed nothing"

    def commands(self):
        asterisk = self.asterisk
        for command in ("show", "explain", "refresh"):
            # As the Tab key asks; what all have in common comes first.
            equal(f"{command}: completions", asterisk.cli(f"_COMMAND MATCHESARRAY \"teams presence {command} 10\" \"10\"").split()[1:7], sorted(PEOPLE))
            if f"teams presence {command} [<extension>]" not in asterisk.cli(f"core show help teams presence {command}"):
                raise Failed(asterisk.cli(f"core show help teams presence {command}"))
            equal(f"{command}: too many words", asterisk.cli(f"teams presence {command} 101 102").startswith("Usage:"), True)
        equal("show", asterisk.cli("teams presence show 999").splitlines()[0], "No such extension in teams_presence.conf")
        equal("refresh", [asterisk.cli(f"teams presence refresh {which}").splitlines()[0] for which in ("", "101", "999")],
              ["Asked", "Asked", "No such extension in teams_presence.conf"])
        equal("explain", asterisk.cli("teams presence explain 999").splitlines()[0], "No such extension in teams_presence.conf")
        table = asterisk.cli("teams presence show")
        equal("extensions shown", sum(line.split()[0] in self.users for line in table.splitlines() if line.strip()), len(self.users))
        if f"{len(self.users)} extensions, 0 of them on DND" not in table:
            raise Failed(table)
        if "tps" not in asterisk.cli("core show threads"):
            raise Failed(asterisk.cli("core show threads"))
        return "show, explain and refresh answer; the library's thread stands in core show threads"

    def a_stop_and_a_kill(self):
        self.says("104", "DoNotDisturb")
        self.asterisk.reach("104", True, "dnd")
        self.phone("105").dial("*78")
        self.owned_by("105", "person")
        for stop in (Asterisk.stop, Asterisk.stop_gracefully):
            equal("a stop", stop(self.asterisk), 0)
            equal("on disk after a stop: ours, its mark, the person's",
                  [self.asterisk.on_disk(*row) for row in (("DND", "104"), ("TeamsPresence", "104"), ("DND", "105"))], [None, None, "YES"])
            self.start()
            self.matched()
            self.asterisk.reach("104", True, "dnd")
        asterisk = self.asterisk
        self.owned_by("104", "ours")
        self.owned_by("105", "person")
        # Asterisk writes AstDB behind the back of who asks for it.
        until("the mark is on disk", lambda: ((seen := (asterisk.on_disk("DND", "104"), asterisk.on_disk("TeamsPresence", "104"))) == ("YES", "dnd"), seen))
        equal("a kill", asterisk.kill(), -9)
        self.says("104", "Available")
        self.says("105", "Available")
        self.start()
        asterisk = self.asterisk
        self.matched()
        asterisk.reach("104", False, "available")
        equal("mark", asterisk.manager.database("TeamsPresence", "104"), None)
        self.polled("105")
        asterisk.reach("105", True, "dnd")
        self.owned_by("104", "nobody")
        self.owned_by("105", "person")
        self.phone("105").dial("*79")
        asterisk.reach("105", False, "available")
        # With a state directory a stop holds what is ours, and an override outlives it.
        equal("a stop", asterisk.stop(), 0)
        self.configure(state={"dir": "/lab/run/state"})
        self.start()
        self.says("104", "DoNotDisturb")
        self.says("106", "DoNotDisturb")
        for extension in ("104", "106"):
            self.asterisk.reach(extension, True, "dnd")
        self.phone("106").dial("*79")
        until("overridden", lambda: self.asterisk.explain("106")["dnd"]["overridden"])
        equal("a stop", self.asterisk.stop(), 0)
        equal("on disk after a stop", [self.asterisk.on_disk("DND", extension) for extension in ("104", "106")], ["YES", None])
        self.start()
        self.matched()
        self.polled("106")
        self.asterisk.reach("104", True, "dnd")
        self.owned_by("104", "ours")
        equal("overridden still", (self.asterisk.explain("106")["dnd"]["overridden"], self.asterisk.states("106")[:2]), (True, (None, "NOT_INUSE")))
        for extension in ("104", "106"):
            self.says(extension, "Available")
        self.asterisk.reach("104", False, "available")
        equal("a stop", self.asterisk.stop(), 0)
        self.configure()
        self.start()
        self.matched()
        return "each way of stopping released ours; after kill -9 the mark in AstDB made ours known and released; a person's DND outlived all; with state.dir DND was held and an override outlived a stop"

    def unload(self):
        # It may say that a callback is still to come, and is asked again then.
        until("it is unloaded", lambda: ("Unloaded" in (said := self.asterisk.cli(f"module unload {MODULE}")), said))

    def load(self):
        said = self.asterisk.cli(f"module load {MODULE}")
        if "Loaded" not in said:
            raise Failed(f"load: {said}")

    def loads_fifty_times(self):
        asterisk = self.asterisk
        self.says("104", "DoNotDisturb")
        asterisk.reach("104", True, "dnd")

        def cycle(number):
            self.unload()
            if number % 5 == 1:
                equal("released by the unload", asterisk.states("104"), (None, "NOT_INUSE", "not_set"))
                equal("mark", asterisk.manager.database("TeamsPresence", "104"), None)
            self.load()
            if number % 5 == 0:
                asterisk.reach("104", True, "dnd")

        cycle(0)
        threads, descriptors = asterisk.threads_and_descriptors()
        memory = asterisk.memory_kib()
        for number in range(1, 51):
            cycle(number)
        after = until("threads and descriptors are as before", lambda: (
            (seen := asterisk.threads_and_descriptors())[0] <= threads and seen[1] <= descriptors, seen))
        asterisk.reach("104", True, "dnd")
        self.says("104", "Available")
        asterisk.reach("104", False, "available")
        return (f"50 times unloaded and loaded: {threads} threads and {descriptors} descriptors before, {after[0]} and {after[1]} after; "
                f"memory grew by {asterisk.memory_kib() - memory} KiB")

    def valgrind(self):
        equal("core stop", self.asterisk.stop(), 0)
        log = f"{self.lab}/run/valgrind.log"
        # The many lamps of an earlier scene, of which each start tells.
        with sqlite3.connect(f"{self.lab}/run/astdb.sqlite3") as base:
            base.execute("DELETE FROM astdb WHERE key LIKE '/CustomDevstate/DND3____'")
        base.close()
        self.users = {**PEOPLE, **{extension: name for extension, name in IN_ASTDB.items() if extension in self.users}}
        self.configure()
        self.start(VALGRIND)
        self.matched()
        asterisk = self.asterisk
        asterisk.cli("database put AMPUSER 101/device 101&desk-101")
        self.says("101", "DoNotDisturb")
        asterisk.reach("101", True, "dnd")
        self.phone("102").dial("*78")
        self.owned_by("102", "person")
        status, call, to = self.phone("103").invite("600")
        until("the call is reported", lambda: asterisk.explain("103")["in_call"])
        self.phone("103").hang_up("600", call, to)
        self.phone("101").dial("*79")
        until("overridden", lambda: asterisk.explain("101")["dnd"]["overridden"])
        asterisk.cli("teams presence show")
        asterisk.cli("teams presence refresh")
        asterisk.cli(f"module reload {MODULE}")
        for _ in range(2):
            self.unload()
            self.load()
            self.matched()
        self.says("104", "DoNotDisturb")
        asterisk.reach("104", True, "dnd")
        code = asterisk.stop()
        with open(log) as file:
            text = file.read()
        if code != 0 or "definitely lost: 0 bytes" not in text and "no leaks are possible" not in text:
            raise Failed(f"valgrind ended with {code}\n{text[-6000:]}")
        equal("memory errors", next(line for line in text.splitlines() if "ERROR SUMMARY" in line).split("SUMMARY: ")[1].split(" (")[0],
              "0 errors from 0 contexts")
        return "the whole of Asterisk under memcheck with states, a call, a reload and two unloads: 0 errors, no definite loss"

    def log_is_clean(self):
        # What the module itself would complain of.
        bad = [line for line in self.asterisk.log().splitlines() if "DND of 106 cannot be switched on" not in line and any(words in line for words in ("was not reported", "cannot be s", "TPS_EVENT_INTERNAL"))]
        equal("complaints in the log", bad, [])
        return "no complaint of the module in Asterisk's log"

    def an_override_ends(self):
        """After a minute of off, which began in an earlier scene or begins here."""
        if not self.asterisk.explain("106")["dnd"]["overridden"]:
            self.an_override()
        until("the minute is over", lambda: not self.asterisk.explain("106")["dnd"]["overridden"], limit=240)
        self.says("106", "DoNotDisturb")
        self.asterisk.reach("106", True, "dnd")
        self.owned_by("106", "ours")
        self.says("106", "Available")
        self.asterisk.reach("106", False, "available")
        return "a minute after Teams said Available the override ended, and the next DND of Teams was switched on"

    # The override is begun and ended between the same two loads of the module, and has its minute while others play.
    ALL = [("loads", loads), ("DND, lamp and presence over CLI, AMI and SIP", three_states), ("DND by a person", a_persons),
           ("AstDB alone", astdb_alone), ("calls", Calls.a_call), ("calls on their way", Calls.on_their_way),
           ("calls that were there before", Calls.there_before), ("calls handed over", Calls.handed_over),
           ("FreePBX's key and lamps", Configurations.freepbx), ("reload", reloads), ("the CLI", commands),
           ("odd rows of teams_presence.conf", Configurations.odd_rows), ("files that cannot be read", Configurations.files_that_cannot_be_read),
           ("an override by a person", an_override), ("1,000 flips of Teams", Crowd.a_thousand_flips), ("people and Teams at once", Crowd.all_at_once),
           ("*79 and DND of Teams in the same instant", Crowd.the_same_instant), ("an override ends", an_override_ends),
           ("AstDB that cannot be written", Configurations.astdb_that_cannot_be_written), ("a stop and a kill", a_stop_and_a_kill),
           ("50 times unloaded and loaded", loads_fifty_times), ("under valgrind", valgrind), ("the log", log_is_clean)]

    def end(self):
        if self.asterisk is not None:
            self.asterisk.kill()
        self.teams.stop()

def device_of(text, name):
    """The lines of `devstate list` about one device."""
    return " ".join(line for line in text.splitlines() if f"'{name}'" in line)

def presence_of(text, name):
    lines = text.splitlines()
    at = next((number for number, line in enumerate(lines) if name in line), None)
    return "" if at is None else " ".join(lines[at:at + 4])
