"""Scenes with many people, where acts of theirs and of Teams cross."""
import random
import time

from wait import equal, until

CROWD = {str(201 + n): f"user{n + 1}" for n in range(50)}


class Crowd:
    def a_thousand_flips(self):
        ami, rounds = self.asterisk.manager, 20
        # Somebody who has DND by hand all the time.
        self.phone("105").dial("*78")
        self.owned_by("105", "person")
        before = ami.changes.copy()
        for number in range(rounds):
            on = number % 2 == 0
            word = "DoNotDisturb" if on else "Available"
            self.teams.do("presences", list=[{"user": f"{name}@contoso.test", "availability": word, "activity": word} for name in CROWD.values()])
            state = "BUSY" if on else "NOT_INUSE"
            until(f"flip {number}: all are {state}", lambda: waiting(ami.devices, state))
        seen = ami.changes - before
        lamps = {state: sum(seen[f"Custom:DND{extension}", state] for extension in CROWD) for state in ("BUSY", "NOT_INUSE")}
        equal("changes of lamps", lamps, {"BUSY": len(CROWD) * rounds // 2, "NOT_INUSE": len(CROWD) * rounds // 2})
        flips = sum(lamps.values())
        self.stands_clean(CROWD)
        equal("who has DND by hand", self.asterisk.states("105")[0], "YES")
        equal("whose it is", self.owner("105"), "person")
        self.phone("105").dial("*79")
        self.says("105", "Available")
        self.asterisk.reach("105", False, "available")
        return f"{flips} flips of Teams for {len(CROWD)} people made {flips} changes of lamps; nobody is manual, overridden or stuck"

    def stands_clean(self, extensions):
        for extension in extensions:
            self.asterisk.reach(extension, False, "available")
            dnd = until(f"all of {extension} is acknowledged", lambda: self.acknowledged(extension))
            equal(f"{extension}", (dnd["owner"], dnd["overridden"], dnd["intended"], dnd["out"], dnd["wanted"]), ("nobody", False, False, None, None))
        equal("DND and marks left", (self.asterisk.cli("database show TeamsPresence").strip(), [
            extension for extension in extensions if self.asterisk.manager.database("DND", extension)]), ("0 results found.", []))

    def acknowledged(self, extension):
        dnd = self.asterisk.explain(extension)["dnd"]
        return dnd if dnd["out"] is None and dnd["acknowledged"] == "off" else None

    def all_at_once(self):
        """People press while Teams flips, without waiting for each other. Afterwards everything must agree about everybody."""
        chance, crowd = random.Random(20), list(CROWD)[:20]
        presses = 0
        for _ in range(60):
            words = [chance.choice(("DoNotDisturb", "Available")) for _ in crowd]
            self.teams.do("presences", list=[{"user": f"{CROWD[extension]}@contoso.test", "availability": word, "activity": word}
                                             for extension, word in zip(crowd, words)])
            for _ in range(60):
                self.press(chance.choice(crowd), chance.random() < 0.5)
                presses += 1
        self.teams.do("presences", list=[{"user": f"{CROWD[extension]}@contoso.test", "availability": "Available", "activity": "Available"}
                                         for extension in crowd])
        self.polled(crowd[0])
        left = [until(f"all agree about {extension}", lambda extension=extension: self.agreed(extension)) for extension in crowd]
        kept = sum(states[0] == "YES" for (states, *_), _ in left)
        for extension in crowd:
            self.press(extension, False)
        for extension in crowd:
            self.asterisk.reach(extension, False, "available")
        equal("marks left", self.asterisk.cli("database show TeamsPresence").strip(), "0 results found.")
        return f"{presses} presses of people among flips of Teams: all agreed afterwards, {kept} of {len(crowd)} had DND, each a person's"

    def press(self, extension, on):
        """What a feature code does, in its order."""
        ami = self.asterisk.manager
        if on:
            ami.action("DBPut", Family="DND", Key=extension, Val="YES")
        else:
            ami.action("DBDel", may_fail=True, Family="DND", Key=extension)
        ami.action("Setvar", Variable=f"DEVICE_STATE(Custom:DND{extension})", Value="BUSY" if on else "NOT_INUSE")

    def agreed(self, extension):
        """With Teams quiet and Available, DND that is on must be a person's, for the library, the mark, the lamp and the presence alike."""
        told = self.asterisk.explain(extension)
        states = self.asterisk.states(extension)
        mark, dnd, word = self.asterisk.manager.database("TeamsPresence", extension), told["dnd"], told["presence"]["availability"]
        on = states[0] == "YES"
        wanted = (("YES", "BUSY", "dnd") if on else (None, "NOT_INUSE", "available")), None, "person" if on else "nobody", None, "Available"
        seen = states, mark, dnd["owner"], dnd["out"], word
        return seen == wanted and dnd["acknowledged"] in ("on" if on else "off", None), (seen, dnd)

    def the_same_instant(self):
        """*79 against DND by hand, and Teams goes on DND: before, after and at once."""
        first, then, *crowd = list(CROWD)[20:]
        for extension in (first, then, *crowd):
            self.press(extension, True)
        for extension in (first, then, *crowd):
            self.owned_by(extension, "person")
        # Off, then Teams: a new occasion.
        self.press(first, False)
        self.owned_by(first, "nobody")
        self.says(first, "DoNotDisturb")
        equal("off, then Teams", until("ours", lambda: self.one_of_two(first)), "ours")
        # Teams, then off: an override.
        self.says(then, "DoNotDisturb")
        until("Teams is heard", lambda: self.asterisk.explain(then)["presence"]["availability"] == "DoNotDisturb")
        self.press(then, False)
        equal("Teams, then off", until("overridden", lambda: self.one_of_two(then)), "overridden")
        # Whatever comes first, it is one of the two, and the four places agree.
        self.teams.do("presences", list=[{"user": f"{CROWD[extension]}@contoso.test", "availability": "DoNotDisturb", "activity": "DoNotDisturb"}
                                         for extension in crowd])
        for extension in crowd:
            self.press(extension, False)
            # Spread over the time from one poll to the next, or all would come before it.
            time.sleep(0.01)
        ends = [until(f"{extension} has settled", lambda extension=extension: self.one_of_two(extension)) for extension in crowd]
        for extension in (first, then, *crowd):
            self.says(extension, "Available")
        for extension in (first, then, *crowd):
            self.asterisk.reach(extension, False, "available")
        return f"*79 before Teams' DND left it to Teams, after it was an override; of {len(crowd)} at once {ends.count('ours')} ended as the one, {ends.count('overridden')} as the other"

    def one_of_two(self, extension):
        """With Teams on DND and the person's last act an off; None where neither holds yet."""
        told, mark = self.asterisk.explain(extension), self.asterisk.manager.database("TeamsPresence", extension)
        dnd = told["dnd"]
        seen = self.asterisk.states(extension), mark, dnd["owner"], dnd["overridden"], dnd["out"], told["presence"]["availability"]
        ends = {"ours": (("YES", "BUSY", "dnd"), "dnd", "ours", False, None, "DoNotDisturb"),
                "overridden": ((None, "NOT_INUSE", "dnd"), None, "nobody", True, None, "DoNotDisturb")}
        end = next((name for name, wanted in ends.items() if seen == wanted), None)
        return end is not None, end or seen


def waiting(devices, state):
    others = [extension for extension in CROWD if devices.get(f"Custom:DND{extension}") != state]
    return not others, others
