"""A mail server of PyPI's aiosmtpd: keeps what it is given, and misbehaves by the recipient's name.

Arguments: folder of certificate and key (cert.pem, key.pem), or "-" for no TLS. Prints its port; then one JSON object a
letter that it took. Ends with its standard input.
"""
import json
import ssl
import sys
import threading

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("never@"):
            return "550 no such mailbox " + address
        if address.startswith("later@"):
            return "451 come back later " + address
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        taken = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "text": envelope.content.decode("utf-8"),
            "tls": session.ssl is not None,
            "user": session.auth_data.login.decode() if session.authenticated else None,
        }
        print(json.dumps(taken), flush=True)
        if any(to.startswith("lost@") for to in envelope.rcpt_tos):
            # Took the letter; the answer is lost.
            server.transport.abort()
        return "250 taken"


def authenticate(server, session, envelope, mechanism, data):
    right = isinstance(data, LoginPassword) and (data.login, data.password) == (b"fiducie", b"secret of the relay")
    # Not handled: the server itself answers 535.
    return AuthResult(success=right, handled=right, auth_data=data if right else None)


folder = sys.argv[1]
options = {}
if folder != "-":
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder + "/cert.pem", folder + "/key.pem")
    options = {
        "tls_context": context,
        "require_starttls": True,
        "authenticator": authenticate,
        "auth_required": True,
    }


class Free(Controller):
    """Any free port, told afterwards."""

    def _trigger_server(self):
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


controller = Free(Handler(), hostname="127.0.0.1", port=0, **options)
controller.start()
print(controller.port, flush=True)
sys.stdin.read()
controller.stop()
