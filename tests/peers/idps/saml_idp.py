"""A SAML 2.0 identity provider to be tested against: pysaml2, which signs with Debian's xmlsec1.

    saml_idp.py '{"sp": {"entity_id", "acs"}, "people": [{"login", "name_id", "email", "name"}]}'

It listens on a free port of 127.0.0.1 and says so in one line of JSON: {"metadata": URL, "entity_id", "sso": URL,
"idp_initiated": URL, "certificate": PEM, "pid"}. The last URL takes ?login=…&RelayState=… and answers what nobody asked
for; without a login it asks who it is. Further settings, at the start or later:

    "sp_metadata_file"  in place of "sp": a file that says the same, and more
    "sign"              "response", "assertion", "both" (if nothing is said) or "neither", which nobody should accept
    "name_id_format"    "persistent" (if nothing is said): the NameID is a person's name_id; "emailAddress": it is the email
    "want_signed"       false (if nothing is said); true: only requests count that are signed
    "attribute_names"   "plain" (if nothing is said): Name="mail"; "oid": Name="urn:oid:…" FriendlyName="mail"

Then it takes commands, one line of JSON each, answers each with a line once it is done, and ends with its standard input:

    {"rotate": true}      signs with a new key; metadata shows the new certificate and the last one → {"certificate": PEM}
    {"people": […]}       others than before, like any of the settings above                        → {"changed": ["people"]}
"""

import base64
import json
import os
import subprocess
import sys
import tempfile
import threading
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit
from xml.sax.saxutils import quoteattr

from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT, saml
from saml2.attribute_converter import AttributeConverter
from saml2.authn_context import PASSWORDPROTECTEDTRANSPORT
from saml2.config import IdPConfig
from saml2.metadata import create_metadata_string
from saml2.server import Server
from saml2.xmldsig import DIGEST_SHA256, SIG_RSA_SHA256

NAME_ID_FORMATS = {"persistent": saml.NAMEID_FORMAT_PERSISTENT, "emailAddress": saml.NAMEID_FORMAT_EMAILADDRESS}
NAME_ID_FROM = {"persistent": "name_id", "emailAddress": "email"}
NAMES = {"plain": saml.NAME_FORMAT_BASIC, "oid": saml.NAME_FORMAT_URI}
SIGNED = {"response": (True, False), "assertion": (False, True), "both": (True, True), "neither": (False, False)}
SP_METADATA = """<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID={}>
<SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
<AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location={} index="0"/>
</SPSSODescriptor></EntityDescriptor>"""


class Provider:
    def __init__(self, base, folder, settings):
        self.base, self.folder = base, folder
        self.pairs = []
        self.settings = {"people": [], "sign": "both", "name_id_format": "persistent", "attribute_names": "plain", "want_signed": False} | settings
        self.rotate()

    def rotate(self):
        """A new key, with which all is signed from now on."""
        key, cert = (os.path.join(self.folder, f"{len(self.pairs)}.{kind}") for kind in ("key", "crt"))
        make = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=idp".split()
        subprocess.run([*make, "-keyout", key, "-out", cert], check=True, capture_output=True)
        with open(cert, encoding="ascii") as file:
            self.certificate = file.read()
        self.pairs.append((key, cert))
        self.change({})

    def change(self, command):
        """pysaml2 reads all of its settings when it is made, so it is made anew at each change."""
        settings, (key, cert) = self.settings | command, self.pairs[-1]
        sps = {"local": [settings["sp_metadata_file"]]} if "sp_metadata_file" in settings else {}
        if "sp" in settings:
            sps = {"inline": [SP_METADATA.format(quoteattr(settings["sp"]["entity_id"]), quoteattr(settings["sp"]["acs"]))]}
        sso = self.base + "/sso"
        idp = {
            "endpoints": {"single_sign_on_service": [(sso, BINDING_HTTP_REDIRECT), (sso, BINDING_HTTP_POST)]},
            "want_authn_requests_signed": settings["want_signed"],
            "name_id_format": [NAME_ID_FORMATS[settings["name_id_format"]]],
            "policy": {"default": {"lifetime": {"minutes": 15}, "name_form": NAMES[settings["attribute_names"]]}},
        }
        config = {"entityid": self.base + "/metadata", "service": {"idp": idp}, "metadata": sps}
        config |= {"key_file": key, "cert_file": cert, "additional_cert_files": [older for _, older in self.pairs[-2:-1]]}
        server = Server(config=IdPConfig().load(config))
        # pysaml2's own map of basic names has those of long ago, "urn:mace:dir:attribute-def:mail".
        plain = AttributeConverter(saml.NAME_FORMAT_BASIC)
        names = {name: name for name in ("mail", "displayName", "givenName", "sn")}
        plain.from_dict({"identifier": saml.NAME_FORMAT_BASIC, "to": names, "fro": names})
        server.config.attribute_converters.insert(0, plain)
        self.idp, self.settings = server, settings  # only now, since requests are answered meanwhile

    def asked(self, fields, binding):
        """Where the answer to an AuthnRequest goes, if who asks is known and it goes there."""
        signed = {"relay_state": fields.get("RelayState"), "sigalg": fields.get("SigAlg"), "signature": fields.get("Signature")}
        request = self.idp.parse_authn_request(fields["SAMLRequest"], binding, **signed).message
        where = self.idp.response_args(request, [BINDING_HTTP_POST])
        return {name: where[name] for name in ("in_response_to", "sp_entity_id", "destination")}

    def unasked(self):
        """Where an answer goes that nobody asked for."""
        sp = list(self.idp.metadata.keys())[0]
        _, acs = self.idp.pick_binding("assertion_consumer_service", [BINDING_HTTP_POST], "spsso", entity_id=sp)
        return {"in_response_to": None, "sp_entity_id": sp, "destination": acs}

    def response(self, where, person):
        """A signed Response, in XML."""
        id_format, signed = self.settings["name_id_format"], SIGNED[self.settings["sign"]]
        name = person.get("name", "")
        given_name, _, surname = name.rpartition(" ")
        attributes = {"mail": person.get("email"), "displayName": name, "givenName": given_name, "sn": surname}
        return str(self.idp.create_authn_response(
            {name: value for name, value in attributes.items() if value},
            name_id=saml.NameID(format=NAME_ID_FORMATS[id_format], text=person[NAME_ID_FROM[id_format]]),
            authn={"class_ref": PASSWORDPROTECTEDTRANSPORT, "authn_auth": self.idp.config.entityid},
            sign_response=signed[0],
            sign_assertion=signed[1],
            # Here, since in pysaml2's configuration it is for other messages: responses would have SHA-1.
            sign_alg=SIG_RSA_SHA256,
            digest_alg=DIGEST_SHA256,
            **where,
        ))


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.handle_one(BINDING_HTTP_REDIRECT, urlsplit(self.path).query)

    def do_POST(self):
        self.handle_one(BINDING_HTTP_POST, self.rfile.read(int(self.headers["Content-Length"])).decode())

    def handle_one(self, binding, query):
        fields, path = dict(parse_qsl(query, keep_blank_values=True)), urlsplit(self.path).path
        try:
            if path == "/metadata":
                metadata = create_metadata_string(None, config=self.provider.idp.config)
                self.answer(200, metadata.decode(), "application/samlmetadata+xml")
            elif path == "/start":
                self.log_in(self.provider.unasked(), fields)
            elif path == "/sso":
                # How the request came is kept beside it while the form is filled in, since that is how it is packed.
                fields = {"binding": binding} | fields
                self.log_in(self.provider.asked(fields, fields["binding"]), fields)
            else:
                self.page(404, "<p>There is no such page.</p>")
        except Exception as error:  # whatever pysaml2 throws at a bad request
            self.page(400, f"<p>{escape(type(error).__name__)}: {escape(str(error))}</p>")

    def log_in(self, where, fields):
        login = fields.pop("login", None)
        person = next((one for one in self.provider.settings["people"] if one["login"] == login), None)
        if person is None:
            why = "" if login is None else f'<p role="alert">There is nobody called {escape(login)}.</p>'
            field = '<label>Login <input name="login" autofocus required></label> '
            return self.page(422 if login else 200, why + form(urlsplit(self.path).path, fields, field, "Log in"))
        response = base64.b64encode(self.provider.response(where, person).encode()).decode()
        fields = {"SAMLResponse": response} | {name: value for name, value in fields.items() if name == "RelayState"}
        sent = form(where["destination"], fields, "", "Continue")
        return self.page(200, sent + "<script>document.forms[0].submit()</script>")

    def page(self, status, body):
        head = '<!doctype html><html lang="en"><meta charset="utf-8"><title>SAML identity provider</title>'
        self.answer(status, f"{head}<h1>SAML identity provider</h1>{body}</html>", "text/html; charset=utf-8")

    def answer(self, status, body, kind):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_):
        """Nothing: nobody reads it."""


def form(action, hidden, field, button):
    kept = "".join(f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in hidden.items())
    return f'<form method="post" action="{escape(action)}">{kept}{field}<button type="submit">{button}</button></form>'


def main():
    say = lambda answer: print(json.dumps(answer), flush=True)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    base = f"http://127.0.0.1:{server.server_port}"
    with tempfile.TemporaryDirectory() as folder:
        provider = Handler.provider = Provider(base, folder, json.loads(sys.argv[1]))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        paths = {"metadata": "/metadata", "entity_id": "/metadata", "sso": "/sso", "idp_initiated": "/start"}
        say({name: base + path for name, path in paths.items()} | {"certificate": provider.certificate, "pid": os.getpid()})
        for line in sys.stdin:
            try:
                command = json.loads(line)
                if command.pop("rotate", False):
                    provider.rotate()
                    say({"certificate": provider.certificate})
                if command:
                    provider.change(command)
                    say({"changed": sorted(command)})
            except Exception as error:  # and it goes on
                say({"error": f"{type(error).__name__}: {error}"})


if __name__ == "__main__":
    main()
