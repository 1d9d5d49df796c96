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
        # What Asterisk answers by itself is no call: DND of Teams comes and stays. *79 in a call of Teams that has just begun is an override.
        _, voice_mail, to = phone.invite("*97")
        until("it talks to Asterisk", lambda: "*97" in self.asterisk.cli("core show channels concise"))
        self.says("103", "Busy", "InACall")
        self.asterisk.reach("103", True, "dnd")
        self.in_call()
        phone.hang_up("*97", voice_mail, to)
        phone.dial("*79")
        until("overridden", lambda: self.asterisk.explain("103")["dnd"]["overridden"])
        self.polled("103")
        equal("states", self.asterisk.states("103"), (None, "NOT_INUSE", "dnd"))
        self.says("103", "Available")
        self.asterisk.reach("103", False, "available")
        return "voice mail and *79 were no calls; a call of PJSIP/103 was reported with its begin and end; while it came back as InACall nothing was switched"

    def in_call(self, *extensions):
        """Waits until exactly these of 101, 103 and 104 are in a call, for the library and for `teams presence show`."""
        def seen():
            told = {extension for extension in ("101", "103", "104") if self.asterisk.explain(extension)["in_call"]}
            shown = {extension for extension in ("101", "103", "104") if self.asterisk.row(extension)[4] == "yes"}
            return told == shown == set(extensions), (told, shown)

        until(f"in a call: {extensions}", seen)

    def hang_up_by_pbx(self, device):
        self.asterisk.manager.action("Hangup", Channel=f"/^PJSIP/{device}-.*$/")

    def channel(self, begin):
        """The name of the channel that begins so; None where there is none."""
        names = (line.split("!")[0] for line in self.asterisk.cli("core show channels concise").splitlines())
        return next((name for name in names if name.startswith(begin)), None)

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
        self.asterisk.manager.action("Redirect", Channel=self.channel("PJSIP/101-"), Context="phones", Exten="600", Priority="1")
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
        until("one is over", lambda: not self.channel("PJSIP/104-"))
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

    def talk(self, caller, number):
        """`caller` calls 101 by `number`, who picks up; answers the call."""
        desk = self.phone("101")
        desk.picks_up, rung = True, len(desk.rung)
        _, call, to = caller.invite(number, lambda: (until("101 rings", lambda: len(desk.rung) > rung), desk.pick_up()))
        desk.picks_up = False
        self.in_call("101", "103")
        # Known to be in a call is who has dialled; nobody can be transferred before both are in the bridge.
        bridges = self.asterisk.manager.bridged
        until("both are in one bridge", lambda: bridges(self.channel("PJSIP/101-")) & bridges(self.channel("PJSIP/103-")))
        return call, to

    def handed_over(self):
        """On hold, parked, transferred in both ways, begun by a program: in a call is who talks or waits, not who has left."""
        ami, caller = self.asterisk.manager, self.phone("103")
        call, to = self.talk(caller, "101")
        holds = ami.events["Hold"]
        caller.hold("101", call, to)
        until("on hold", lambda: ami.events["Hold"] > holds)
        self.in_call("101", "103")
        # 101 parks 103, who waits in the lot.
        ami.action("Park", Channel=self.channel("PJSIP/103-"), TimeoutChannel=self.channel("PJSIP/101-"), Timeout="3600000")
        self.in_call("103")
        self.hang_up_by_pbx("103")
        self.in_call()
        # 101 transfers 103 and is out of it.
        self.talk(caller, "101")
        ami.action("BlindTransfer", Channel=self.channel("PJSIP/101-"), Context="phones", Exten="600")
        self.in_call("103")
        self.hang_up_by_pbx("103")
        self.in_call()
        # The same, having asked first: 101 talks to 600 while 103 waits, then hangs up and so joins the two.
        self.talk(caller, "601")
        ami.action("Atxfer", Channel=self.channel("PJSIP/101-"), Context="phones", Exten="600")
        until("101 talks to 600", lambda: len(ami.bridged(self.channel("PJSIP/101-"))) > 1 and self.channel("Local/stays@phones-") is not None)
        self.in_call("101", "103")
        self.hang_up_by_pbx("101")
        self.in_call("103")
        self.hang_up_by_pbx("103")
        self.in_call()
        # A program calls a phone and connects it: the ringing is no call, what follows is one.
        desk = self.phone("101")
        desk.picks_up, rung = True, len(desk.rung)
        ami.action("Originate", Channel="PJSIP/101", Context="phones", Exten="600", Priority="1", Async="true")
        until("101 rings", lambda: len(desk.rung) > rung)
        self.in_call()
        desk.pick_up()
        self.in_call("101")
        self.hang_up_by_pbx("101")
        self.in_call()
        desk.picks_up = False
        return "held, parked, transferred blindly and after a question, and called by a program: each time exactly who talked or waited was in a call"
