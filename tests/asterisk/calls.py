"""Scenes about calls: who is in one, by the channels of Asterisk."""
from wait import equal, until


class Calls:
    def a_call(self):
        phone = self.phone("103")
        self.says("103", "Available")
        self.asterisk.reach("103", False, "available")
        status, call, to = phone.invite("600")
        equal("600", status, 200)
        until("the call is reported", lambda: self.asterisk.explain("103")["in_call"])
        # In the columns DND, owner, presence, call.
        equal("teams presence show", self.asterisk.row("103")[4], "yes")
        # It comes back from Teams, which would be DND.
        self.says("103", "Busy", "InACall")
        until("ignored", lambda: self.asterisk.explain("103")["own_call"]["presence_ignored"])
        equal("states", self.asterisk.states("103"), (None, "NOT_INUSE", "available"))
        phone.hang_up("600", call, to)
        until("the end is reported", lambda: not self.asterisk.explain("103")["in_call"])
        equal("teams presence show", self.asterisk.row("103")[4], "no")
        self.says("103", "Available")
        until("the call is over in Teams too", lambda: self.asterisk.explain("103")["own_call"] is None)
        # The same word from Teams without a call of ours.
        self.says("103", "Busy", "InACall")
        self.asterisk.reach("103", True, "dnd")
        self.says("103", "Available")
        self.asterisk.reach("103", False, "available")
        return "a call of PJSIP/103 was reported with its begin and end; while it came back as InACall nothing was switched"

    def in_call(self, *extensions):
        """Waits until exactly these of 101, 103 and 104 are in a call, for the library and for `teams presence show`."""
        def seen():
            told = {extension for extension in ("101", "103", "104") if self.asterisk.explain(extension)["in_call"]}
            shown = {extension for extension in ("101", "103", "104") if self.asterisk.row(extension)[4] == "yes"}
            return told == shown == set(extensions), (told, shown)

        until(f"in a call: {extensions}", seen)

    def hang_up_by_pbx(self, device):
        self.asterisk.manager.action("Hangup", Channel=f"/^PJSIP/{device}-.*$/")

    def on_their_way(self):
        desk, caller = self.phone("101"), self.phone("103")
        desk.picks_up = True
        rung = len(desk.rung)

        def answered():
            # 103 hears it ring; a phone that only rings is in no call yet.
            until("101 rings", lambda: len(desk.rung) > rung)
            self.in_call("103")
            desk.pick_up()

        status, _, _ = caller.invite("101", answered)
        equal("101 picks up", status, 200)
        self.in_call("101", "103")
        # A transfer by the exchange of the leg that runs no dial plan: channels are swapped and renamed. 103 is left alone by that.
        channel = next(line.split("!")[0] for line in self.asterisk.cli("core show channels concise").splitlines() if line.startswith("PJSIP/101-"))
        self.asterisk.manager.action("Redirect", Channel=channel, Context="phones", Exten="600", Priority="1")
        self.in_call("101")
        self.hang_up_by_pbx("101")
        self.in_call()
        # Rung, and given up by the caller's exchange before anybody picked up.
        status, _, _ = caller.invite("101", lambda: (until("101 rings", lambda: len(desk.rung) > rung + 1), self.hang_up_by_pbx("103")))
        self.in_call()
        desk.picks_up = False
        # One person, two devices: in a call as long as one of them is.
        first, second = self.phone("104"), self.phone("desk-104")
        (_, one, to_one), (_, two, to_two) = first.invite("600"), second.invite("600")
        self.in_call("104")
        first.hang_up("600", one, to_one)
        until("one channel is left", lambda: "1 active channel" in self.asterisk.cli("core show channels"))
        self.in_call("104")
        second.hang_up("600", two, to_two)
        self.in_call()
        return "ringing was no call, dialling and talking were, also through a transfer that renames channels; two devices of one person counted as one"

    def there_before(self):
        caller = self.phone("103")
        _, call, to = caller.invite("600")
        self.in_call("103")
        self.unload()
        self.load()
        self.matched()
        self.in_call("103")
        # One that ends while the module is not there.
        self.unload()
        caller.hang_up("600", call, to)
        self.load()
        self.matched()
        self.in_call()
        return "a call that was there before the module was known at once; one that ended without it was gone"
