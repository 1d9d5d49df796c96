"""Scenes about teams_presence.conf, the files it names and AstDB, as administrators write them."""
import os
import sqlite3

from wait import Failed, equal, until

MODULE = "res_teams_presence.so"


class Configurations:
    def warned(self, since, *wanted):
        """Waits until all of this is in Asterisk's log, behind the place `since`."""
        until(f"logged: {wanted}", lambda: (all(words in self.asterisk.log()[since:] for words in wanted), self.asterisk.log()[since:]))

    def odd_rows(self):
        asterisk = self.asterisk
        since = len(asterisk.log())
        rows = ["[general]", "technology = PJSIP ; for all", "[users]", "101=>ann@contoso.test", "  102  =>  ben@contoso.test  , agents ,  ; a remark",
                "103 => cleo@contoso.test", "103 => ben@contoso.test", "104 => dev@contoso.test , , PJSIP/104 & PJSIP/desk-104", "105 =>", "106 => ann@contoso.test",
                f"110 => {'x' * 400}@contoso.test", "111 => b\xe9@contoso.test", "11/2 => ann@contoso.test", "113 => ann@contoso.test,,desk",
                f"114 => {'x' * 9000}@contoso.test", "[userz]", "115 => ann@contoso.test", "[users]", "116 => finn@contoso.test", ""]
        self.write("teams_presence.conf", "\n".join(rows).encode("latin-1"))
        asterisk.cli(f"module reload {MODULE}")
        self.warned(since, "'11/2' is no extension", "103 stands there a second time", "at 110 is too long, or not UTF-8", "at 111 is too long, or not UTF-8",
                    "'desk' at 113 is no device", "Line 15 too long, skipping", "no section [userz]", "The new configuration holds")
        shown = [line.split()[0] for line in asterisk.cli("teams presence show").splitlines() if line[:1].isdigit()]
        equal("who is shown, and how many", shown, ["101", "102", "103", "104", "105", "106", "113", "116", "8"])
        until("two of one address, and one of none", lambda: (
            (seen := asterisk.explain("")["counts"]).get("matched") == 7 and seen.get("without_address", 1) == 1, seen))
        # Blanks around the & of devices.
        phone = self.phone("desk-104")
        _, call, to = phone.invite("600")
        self.in_call("104")
        phone.hang_up("600", call, to)
        self.in_call()
        # Many at once: so many lamps that nobody knew must not stop the telephones.
        since = len(asterisk.log())
        self.write("teams_presence.conf", "\n".join(["[users]", *(f"{30000 + number} =>" for number in range(1500)), ""]))
        asterisk.cli(f"module reload {MODULE}")
        until("the last lamp", lambda: asterisk.manager.variable("DEVICE_STATE(Custom:DND31499)") == "NOT_INUSE")
        equal("1,500 more", "1500 extensions, 0 of them on DND" in asterisk.cli("teams presence show"), True)
        # The newest queue of device states is the module's; others have limits of their own.
        queue = max(line.split()[0] for line in asterisk.cli("core show taskprocessors").splitlines() if line.startswith("stasis/m:devicestate:all-"))
        equal(f"{queue} over its limit", [line for line in asterisk.log()[since:].splitlines() if "queue reached" in line and queue in line], [])
        # Nobody at all is said once and is no fault.
        since = len(asterisk.log())
        self.write("teams_presence.conf", "[general]\n")
        asterisk.cli(f"module reload {MODULE}")
        self.warned(since, "neither [users] nor users_family names anybody")
        equal("nobody", asterisk.cli("teams presence show").strip().startswith("0 extensions, 0 of them on DND"), True)
        self.configure()
        asterisk.cli(f"module reload {MODULE}")
        self.matched()
        return "blanks, remarks, doubles and a second [users] were taken; what was too long, not UTF-8 or no extension was left out and named"

    def files_that_cannot_be_read(self):
        asterisk, document = self.asterisk, f"{self.lab}/etc/teams_presence.json"
        good = open(document).read()

        def missing():
            os.remove(document)

        def a_folder():
            self.write("teams_presence.conf", "[general]\nconfig = /lab/etc\n")

        def too_long():
            self.write("teams_presence.json", " " * (1 << 20) + good)

        for spoil, told in ((missing, "/lab/etc/teams_presence.json: No such file"), (a_folder, "/lab/etc: Is a directory"),
                            (too_long, "teams_presence.json: longer than 1 MiB")):
            # The module that runs goes on, and one that is loaded is refused; both say why.
            since = len(asterisk.log())
            spoil()
            asterisk.cli(f"module reload {MODULE}")
            self.warned(since, told)
            equal("it runs on", asterisk.row("101") is not None, True)
            self.unload()
            since = len(asterisk.log())
            said = asterisk.cli(f"module load {MODULE}")
            if "Unable to load" not in said:
                raise Failed(f"{spoil.__name__}: {said}")
            self.warned(since, told)
            self.configure()
            self.load()
            self.matched()
        # A secret that cannot be read is for later: the file may come.
        since = len(asterisk.log())
        self.configure(auth={"method": "client_secret", "secret": {"file": "/lab/etc/none"}})
        self.unload()
        self.load()
        self.warned(since, "auth.secret cannot be used: file /lab/etc/none: No such file")
        equal("it runs", asterisk.row("101") is not None, True)
        self.configure()
        self.unload()
        self.load()
        self.matched()
        return "a configuration that is missing, a folder, too long, and a secret that is missing: told by name; what ran went on, what was loaded was refused"

    def astdb_that_cannot_be_written(self):
        """Another program holds the database for writing."""
        asterisk = self.asterisk
        self.says("106", "Available")
        asterisk.reach("106", False, "available")
        since = len(asterisk.log())

        def taken():
            base = sqlite3.connect(f"{self.lab}/run/astdb.sqlite3", timeout=0, isolation_level=None)
            try:
                base.execute("BEGIN IMMEDIATE")
                return base
            except sqlite3.OperationalError:
                base.close()
                return None

        base = until("AstDB is taken", taken)
        self.says("106", "DoNotDisturb")
        self.warned(since, "DND of 106 cannot be switched on")
        equal("AstDB and the mark", (asterisk.manager.database("DND", "106"), asterisk.manager.database("TeamsPresence", "106")), (None, None))
        base.execute("ROLLBACK")
        base.close()
        asterisk.reach("106", True, "dnd")
        self.owned_by("106", "ours")
        equal("the mark", asterisk.manager.database("TeamsPresence", "106"), "dnd")
        self.says("106", "Available")
        asterisk.reach("106", False, "available")
        return "while AstDB could not be written DND was refused and tried again, and came when it could"

    def freepbx(self):
        """Its key *76, its lamps of devices and its user control panel."""
        asterisk, ami, phone = self.asterisk, self.asterisk.manager, self.phone("105")
        asterisk.cli("database put AMPUSER 105/device 105&desk-105")

        def lamps(state):
            names = ("Custom:DND105", "Custom:DEVDND105", "Custom:DEVDNDdesk-105")
            seen = [ami.variable(f"DEVICE_STATE({name})") for name in names]
            return seen == [state] * 3, seen

        for said, on in (("DoNotDisturb", True), ("Available", False)):
            self.says("105", said)
            asterisk.reach("105", on, "dnd" if on else "available")
            until(f"{said}: the lamps of the devices follow", lambda on=on: lamps("BUSY" if on else "NOT_INUSE"))
        phone.dial("*76")
        self.owned_by("105", "person")
        asterisk.reach("105", True, "dnd")
        until("all lamps", lambda: lamps("BUSY"))
        phone.dial("*76")
        self.owned_by("105", "nobody")
        asterisk.reach("105", False, "available")
        until("no lamp", lambda: lamps("NOT_INUSE"))
        # Its user control panel, which says UNAVAILABLE for off.
        for value, state, owner in (("YES", "BUSY", "person"), (None, "UNAVAILABLE", "nobody")):
            if value:
                ami.action("DBPut", Family="DND", Key="105", Val=value)
            else:
                ami.action("DBDel", Family="DND", Key="105")
            for name in ("DEVDND105", "DEVDNDdesk-105", "DND105"):
                ami.action("Setvar", Variable=f"DEVICE_STATE(Custom:{name})", Value=state)
            self.owned_by("105", owner)
        # *76 takes away what is Teams'.
        self.says("105", "DoNotDisturb")
        asterisk.reach("105", True, "dnd")
        phone.dial("*76")
        until("overridden", lambda: asterisk.explain("105")["dnd"]["overridden"])
        until("no lamp", lambda: lamps("NOT_INUSE"))
        self.says("105", "Available")
        asterisk.reach("105", False, "available")
        asterisk.cli("database del AMPUSER 105/device")
        return "as FreePBX's dial plan and control panel do: each was a person's, and the lamps of the devices in AMPUSER went with Teams"
