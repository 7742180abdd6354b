"""A mail server to be tested against: aiosmtpd, and what it does with letters is said in a file that may change meanwhile.

    receiver.py FOLDER ADDRESS PORT [USER PASSWORD]

FOLDER/mode holds one word, read anew at each command:

    accept    takes letters
    tempfail  asks to come back later (451)
    hang      does not answer, not even to whoever has just connected
    drop      takes a letter, and hangs up instead of saying so; the same letter is taken the second time
    crowded   has room for one connection, and greets others with 421
    closed    has room for one connection, and greets others with 554

Whatever the mode, addresses that begin with "refused" are refused for good (550). Each letter taken becomes
FOLDER/letters/N.json, read with Python's own parser. With USER and PASSWORD nothing is taken from who does not sign in.
"""

import asyncio
import itertools
import json
import os
import signal
import sys
from email import message_from_bytes, policy

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

numbers = itertools.count(1)


class Receiver:
    def __init__(self, folder):
        self.folder = folder
        self.seen = set()
        os.makedirs(os.path.join(folder, "letters"), exist_ok=True)

    def mode(self):
        try:
            with open(os.path.join(self.folder, "mode"), encoding="ascii") as file:
                return file.read().strip()
        except FileNotFoundError:
            return "accept"

    async def hang(self):
        while self.mode() == "hang":
            await asyncio.sleep(0.1)

    async def handle_NOOP(self, server, session, envelope, arg):
        await self.hang()
        return "250 OK"

    async def handle_MAIL(self, server, session, envelope, address, options):
        await self.hang()
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        await self.hang()
        if address.startswith("refused"):
            return "550 5.1.1 There is no such mailbox here"
        if self.mode() == "tempfail":
            return "451 4.3.0 Not now, come back later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        await self.hang()
        message = message_from_bytes(envelope.content, policy=policy.default)
        self.keep(session, envelope, message)
        if self.mode() == "drop" and message["Message-ID"] not in self.seen:
            self.seen.add(message["Message-ID"])
            server.transport.abort()
        return "250 Taken"

    def keep(self, session, envelope, message):
        parts = {
            part.get_content_type(): part.get_content()
            for part in message.walk()
            if not part.is_multipart()
        }
        letter = {
            "mail_from": envelope.mail_from,
            "rcpt_tos": envelope.rcpt_tos,
            "headers": {name.lower(): str(value) for name, value in message.items()},
            "date": message["Date"].datetime.timestamp() if message["Date"] else None,
            "type": message.get_content_type(),
            "order": list(parts),
            "text": parts.get("text/plain"),
            "html": parts.get("text/html"),
            "defects": [str(defect) for part in message.walk() for defect in part.defects],
            "longest_line": max(len(line) for line in envelope.content.split(b"\r\n")),
            "user": session.auth_data,
        }
        path = os.path.join(self.folder, "letters", f"{next(numbers)}.json")
        with open(path + ".new", "w", encoding="utf-8") as file:
            json.dump(letter, file)
        os.rename(path + ".new", path)


class Server(SMTP):
    """aiosmtpd's, but for what it does before anybody has said a word."""

    connected = 0

    async def _handle_client(self):
        handler = self.event_handler
        await handler.hang()
        refusal = {"crowded": "421 4.3.2", "closed": "554 5.3.2"}.get(handler.mode())
        if refusal and Server.connected > 0:
            await self.push(refusal + " No room, others are being served")
            self.transport.close()
            return
        Server.connected += 1
        try:
            await super()._handle_client()
        finally:
            Server.connected -= 1


async def main(folder, address, port, credentials):
    handler = Receiver(folder)
    loop = asyncio.get_running_loop()
    options = {"loop": loop, "hostname": "receiver.test", "timeout": 300}

    def authenticate(server, session, envelope, mechanism, data):
        given = isinstance(data, LoginPassword) and [data.login.decode(), data.password.decode()]
        return AuthResult(success=given == credentials, handled=given == credentials, auth_data=given and given[0])

    if credentials:
        options |= {"auth_required": True, "auth_require_tls": False, "authenticator": authenticate}
    server = await loop.create_server(lambda: Server(handler, **options), address, port)
    print("listening", flush=True)
    stopped = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stopped.set)
    await stopped.wait()
    server.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4:6]))
