"""Phones on loopback: they watch an extension, call, ring, pick up. Only as much SIP as that takes (RFC 3261, 6665)."""
import itertools
import re
import socket
import threading

from wait import Failed, until

SERVER = ("127.0.0.1", 5060)
numbers = itertools.count(1)
SDP = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 19000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"


class Phone:
    """Sends requests as one endpoint, answers what comes, keeps the newest NOTIFY and what became of calls."""

    def __init__(self, name, agent="test", port=0):
        self.name, self.agent = name, agent
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", port))
        self.port = self.socket.getsockname()[1]
        self.lock = threading.Lock()
        self.finals = {}  # Call-ID and CSeq -> status and To of the last final answer
        self.ended = set()  # calls that the other side has ended
        self.body, self.notified = "", 0
        self.rung = set()  # calls that came; a request may come twice
        self.picks_up = False  # or says that nobody is there
        self.ringing = None  # the head of the answer to the call that rings here
        threading.Thread(target=self.read, daemon=True).start()

    def send(self, text):
        self.socket.sendto(text.encode(), SERVER)

    def request(self, method, number, call, sequence, to, tag, more="", body="", branch=None):
        kind = "Content-Type: application/sdp\r\n" if body else ""
        self.send(
            f"{method} sip:{number}@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{self.port};branch=z9hG4bK{call}{sequence}{branch or method}\r\n"
            f"Max-Forwards: 70\r\nFrom: <sip:{self.name}@127.0.0.1>;tag={tag}\r\nTo: {to}\r\nCall-ID: {call}\r\nCSeq: {sequence} {method}\r\n"
            f"Contact: <sip:{self.name}@127.0.0.1:{self.port}>\r\nUser-Agent: {self.agent}\r\n{more}{kind}Content-Length: {len(body)}\r\n\r\n{body}"
        )

    def read(self):
        while True:
            try:
                text = self.socket.recv(65535).decode("utf-8", "replace")
            except OSError:
                return
            head, _, body = text.partition("\r\n\r\n")
            lines = head.split("\r\n")
            headers = {}
            for line in lines[1:]:
                key, _, value = line.partition(":")
                headers.setdefault(key.strip().lower(), []).append(value.strip())
            call = headers["call-id"][0]
            if lines[0].startswith("SIP/2.0"):
                status = int(lines[0].split()[1])
                if status >= 200:
                    with self.lock:
                        self.finals[call, headers["cseq"][0]] = (status, headers["to"][0])
                continue
            method = lines[0].split()[0]
            if method == "ACK":
                continue
            with self.lock:
                if method == "NOTIFY":
                    self.body, self.notified = body, self.notified + 1
                elif method == "BYE":
                    self.ended.add(call)
                elif method == "INVITE":
                    self.rung.add(call)
            answer = "200 OK"
            back = "".join(f"{key}: {value}\r\n" for key in ("Via", "From", "To", "Call-ID", "CSeq") for value in headers[key.lower()])
            if method == "INVITE":
                back = back.replace("\r\nCall-ID", ";tag=d\r\nCall-ID")
                answer = "180 Ringing" if self.picks_up else "480 Temporarily Unavailable"
                self.ringing = back
            self.send(f"SIP/2.0 {answer}\r\n{back}Content-Length: 0\r\n\r\n")

    def pick_up(self):
        """Answers the call that rings."""
        head = f"{self.ringing}Contact: <sip:{self.name}@127.0.0.1:{self.port}>\r\nContent-Type: application/sdp\r\n"
        self.send(f"SIP/2.0 200 OK\r\n{head}Content-Length: {len(SDP)}\r\n\r\n{SDP}")

    def final(self, call, sequence):
        with self.lock:
            return self.finals.get((call, sequence))

    def watch(self, extension, event, accept):
        call, to = f"watch{next(numbers)}", f"<sip:{extension}@127.0.0.1>"
        more = f"Event: {event}\r\nAccept: {accept}\r\nExpires: 3600\r\n"
        self.request("SUBSCRIBE", extension, call, 1, to, "w", more)
        status, _ = until(f"{extension} can be watched", lambda: self.final(call, "1 SUBSCRIBE"))
        if status != 200:
            raise Failed(f"SUBSCRIBE to {extension} was answered {status}")

    def shows(self, pattern):
        with self.lock:
            return re.search(pattern, self.body) is not None, self.body

    def invite(self, number, meanwhile=None):
        """Calls, and answers status, call and To. `meanwhile` is done while the call is under way."""
        call = f"call{next(numbers)}"
        self.request("INVITE", number, call, 1, f"<sip:{number}@127.0.0.1>", "c", body=SDP)
        if meanwhile is not None:
            meanwhile()
        status, to = until(f"{number} answers", lambda: self.final(call, "1 INVITE"))
        # The ACK of a refusal belongs to the INVITE, that of an answer is a request of its own.
        self.request("ACK", number, call, 1, to, "c", branch="INVITE" if status >= 300 else None)
        return status, call, to

    def dial(self, code):
        """A feature code: answered, done, hung up by the other side."""
        status, call, _ = self.invite(code)
        if status != 200:
            raise Failed(f"{code} was answered {status}")

        def ended():
            with self.lock:
                return call in self.ended

        until(f"{code} hangs up", ended)

    def hold(self, number, call, to):
        """Puts the other side on hold: sends, and wants to hear nothing."""
        self.request("INVITE", number, call, 2, to, "c", body=SDP + "a=sendonly\r\n")
        status, _ = until(f"{number} is on hold", lambda: self.final(call, "2 INVITE"))
        if status != 200:
            raise Failed(f"hold was answered {status}")
        self.request("ACK", number, call, 2, to, "c")

    def hang_up(self, number, call, to):
        self.request("BYE", number, call, 3, to, "c")
        until(f"{number} takes the end", lambda: self.final(call, "3 BYE"))
