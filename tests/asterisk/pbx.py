"""The simulator and the Asterisk in the chroot: started, asked, stopped and killed by their own process ids."""
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import urllib.request

from ami import Manager
from wait import Failed, until

VALGRIND = ["valgrind", "--leak-check=full", "--show-leak-kinds=definite", "--errors-for-leak-kinds=definite", "--error-exitcode=9",
            "--log-file=/lab/run/valgrind.log", "--suppressions=/lab/valgrind.supp", "--child-silent-after-fork=yes"]


class Teams:
    """The simulator and its control interface."""

    def __init__(self, lab, users):
        self.config_file = f"{lab}/run/simulator.json"
        ready = f"{lab}/run/ready.json"
        command = [f"{lab}/simulator", "--users", str(users), "--http", "127.0.0.1:8080", "--ready-file", ready, "--config-out", self.config_file]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        until("the simulator is ready", lambda: os.path.exists(ready))
        with open(ready) as file:
            self.control = json.load(file)["control"]

    def do(self, action, **members):
        request = urllib.request.Request(f"{self.control}/{action}", json.dumps(members).encode(), {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def ask(self, what):
        with urllib.request.urlopen(f"{self.control}/{what}", timeout=30) as answer:
            return json.load(answer)

    def presence(self, user, availability, activity=None):
        self.do("presence", user=user, availability=availability, activity=activity or availability)

    def stop(self):
        self.process.terminate()
        self.process.wait(30)


class Asterisk:
    def __init__(self, root, lab, wrapper=()):
        self.root, self.lab = root, lab
        self.manager = None
        command = ["chroot", root, *wrapper, "asterisk", "-C", "/lab/etc/asterisk.conf", "-f"]
        with open(f"{lab}/run/console.log", "a") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            until("Asterisk is up", self.is_up, limit=400)
            self.manager = Manager()
        except BaseException:
            self.kill()
            raise

    def is_up(self):
        if self.process.poll() is not None:
            raise Failed(f"Asterisk ended with {self.process.returncode}")
        return "fully booted" in self.cli("core waitfullybooted").lower()

    def cli(self, command):
        run = ["chroot", self.root, "asterisk", "-C", "/lab/etc/asterisk.conf", "-rx", command]
        done = subprocess.run(run, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
        # A namespace without a network card: each new process of Asterisk says so first.
        return "".join(line for line in (done.stdout + done.stderr).splitlines(keepends=True) if not line.startswith("No ethernet interface"))

    def explain(self, extension):
        text = self.cli(f"teams presence explain {extension}")
        try:
            return json.loads(text)
        except ValueError:
            raise Failed(f"teams presence explain {extension}: {text}") from None

    def row(self, extension):
        """The words of its line in `teams presence show`."""
        lines = [line.split() for line in self.cli(f"teams presence show {extension}").splitlines()]
        return next((words for words in lines if words and words[0] == extension), None)

    def states(self, extension):
        """AstDB, lamp and presence as AMI reads them: all three from their owners, not from the module."""
        ami = self.manager
        return (ami.database("DND", extension), ami.variable(f"DEVICE_STATE(Custom:DND{extension})"),
                ami.variable(f"PRESENCE_STATE(CustomPresence:{extension},value)"))

    def reach(self, extension, dnd, presence):
        wanted = ("YES" if dnd else None, "BUSY" if dnd else "NOT_INUSE", presence)
        until(f"{extension} is {wanted}", lambda: ((seen := self.states(extension)) == wanted, seen))

    def on_disk(self, family, key):
        """A value as another process would find it after a crash. Reads a copy: a reader could hold up the writer."""
        copy = f"{self.lab}/run/copy.sqlite3"
        try:
            shutil.copyfile(f"{self.lab}/run/astdb.sqlite3", copy)
            base = sqlite3.connect(copy)
            row = base.execute("SELECT value FROM astdb WHERE key = ?", (f"/{family}/{key}",)).fetchone()
            base.close()
        except (OSError, sqlite3.Error):
            return "unreadable"
        return row[0] if row else None

    def threads_and_descriptors(self):
        folder = f"/proc/{self.process.pid}"
        return len(os.listdir(f"{folder}/task")), len(os.listdir(f"{folder}/fd"))

    def memory_kib(self):
        with open(f"/proc/{self.process.pid}/status") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))

    def log(self):
        with open(f"{self.lab}/run/messages.log", errors="replace") as file:
            return file.read()

    def end(self, how):
        if self.manager is not None:
            self.manager.close()
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(180)

    def stop(self):
        return self.end(signal.SIGTERM)

    def stop_gracefully(self):
        """Here Asterisk unloads its modules; with the signal it does not."""
        self.cli("core stop gracefully")
        return self.process.wait(180)

    def kill(self):
        return self.end(signal.SIGKILL)
