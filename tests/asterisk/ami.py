"""The Asterisk Manager Interface: actions, and a reader that keeps what the events say."""
import collections
import itertools
import socket
import threading

from wait import Failed, until


class Manager:
    def __init__(self, port=5038):
        self.numbers = itertools.count(1)
        self.lock = threading.Lock()
        self.answers = {}
        self.events = collections.Counter()
        # What each device and each presence was said to be last, and how often each was said.
        self.devices, self.presences = {}, {}
        self.changes = collections.Counter()
        self.bridges = {}  # the bridges that each channel has been in
        self.socket = until("AMI listens", lambda: self.connect(port))
        self.file = self.socket.makefile("rw", encoding="utf-8", newline="")
        self.file.readline()
        threading.Thread(target=self.read, daemon=True).start()
        self.action("Login", Username="test", Secret="test")

    @staticmethod
    def connect(port):
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=5)
        except OSError:
            return None

    def read(self):
        self.socket.settimeout(None)
        packet, output = {}, []
        try:
            for line in self.file:
                line = line.rstrip("\r\n")
                if line:
                    name, _, value = line.partition(": ")
                    if name == "Output":
                        output.append(value)
                    packet[name] = value
                elif packet:
                    packet["Output"] = output
                    self.take(packet)
                    packet, output = {}, []
        except (OSError, ValueError):
            pass

    def take(self, packet):
        with self.lock:
            if "Event" not in packet:
                self.answers[packet.get("ActionID")] = packet
                return
            kind = packet["Event"]
            self.events[kind] += 1
            if kind == "BridgeEnter":
                self.bridges.setdefault(packet["Channel"], set()).add(packet["BridgeUniqueid"])
            if kind == "DeviceStateChange":
                self.devices[packet["Device"]] = packet["State"]
                self.changes[packet["Device"], packet["State"]] += 1
            elif kind == "PresenceStateChange":
                self.presences[packet["Presentity"]] = packet["Status"]
            elif kind == "DBGetResponse":
                self.answers[packet.get("ActionID"), "value"] = packet["Val"]

    def action(self, name, may_fail=False, **members):
        number = str(next(self.numbers))
        lines = [f"Action: {name}", f"ActionID: {number}"] + [f"{key}: {value}" for key, value in members.items()]
        with self.lock:
            self.file.write("\r\n".join(lines) + "\r\n\r\n")
            self.file.flush()
        answer = until(f"AMI answers {name}", lambda: self.answer(number))
        if answer["Response"] != "Success" and not may_fail:
            raise Failed(f"AMI {name} {members}: {answer}")
        return answer

    def answer(self, number):
        with self.lock:
            return self.answers.pop(number, None)

    def device(self, name):
        with self.lock:
            return self.devices.get(name)

    def presence(self, name):
        with self.lock:
            return self.presences.get(name)

    def bridged(self, channel):
        """The bridges that it has been in."""
        with self.lock:
            return set(self.bridges.get(channel, ()))

    def variable(self, name):
        return self.action("Getvar", Variable=name)["Value"]

    def database(self, family, key):
        """A value of AstDB; None where there is none."""
        answer = self.action("DBGet", may_fail=True, Family=family, Key=key)
        if answer["Response"] != "Success":
            return None
        number = answer["ActionID"]
        until("AMI tells the value", lambda: (number, "value") in self.answers)
        with self.lock:
            return self.answers.pop((number, "value"))

    def close(self):
        self.socket.close()
