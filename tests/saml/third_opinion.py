"""An identity provider of pysaml2: reads our metadata and our request, and answers in all the ways it can sign.

Called with the folder where sp.xml, request.txt and posted.txt are, and that with the keys. Prints JSON.
"""

import base64
import json
import pathlib
import sys
import time
import warnings

warnings.filterwarnings("ignore")

from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT
from saml2.config import IdPConfig
from saml2.metadata import entity_descriptor
from saml2.saml import NAMEID_FORMAT_PERSISTENT, NAMEID_FORMAT_TRANSIENT, NameID
from saml2.server import Server

folder, keys = map(pathlib.Path, sys.argv[1:])
BASE = "https://idp.example.com"
config = {
    "entityid": f"{BASE}/metadata",
    "xmlsec_binary": "/usr/bin/xmlsec1",
    "key_file": str(keys / "idp.key"),
    "cert_file": str(keys / "idp.crt"),
    "metadata": {"local": [str(folder / "sp.xml")]},
    "service": {
        "idp": {
            "name_id_format": [NAMEID_FORMAT_PERSISTENT],
            "endpoints": {
                "single_sign_on_service": [
                    (f"{BASE}/sso/redirect", BINDING_HTTP_REDIRECT),
                    (f"{BASE}/sso/post", BINDING_HTTP_POST),
                ]
            },
            "policy": {"default": {"lifetime": {"minutes": 15}, "attribute_restrictions": None}},
        }
    },
}
settings = IdPConfig().load(config)
server = Server(config=settings)

request = server.parse_authn_request((folder / "request.txt").read_text(), BINDING_HTTP_REDIRECT).message
posted = server.parse_authn_request((folder / "posted.txt").read_text(), BINDING_HTTP_POST).message
assert posted.id == request.id, (posted.id, request.id)
answers = server.response_args(request)


def answer(sign_response, sign_assertion, algorithm="sha256", text="ada@example.com", kind=NAMEID_FORMAT_PERSISTENT):
    """One answer, as a browser would post it."""
    response = server.create_authn_response(
        {"mail": ["ada@example.com"], "givenName": ["Ada"], "title": ["Countess", "Reader & writer"]},
        in_response_to=answers["in_response_to"],
        destination=answers["destination"],
        sp_entity_id=answers["sp_entity_id"],
        name_id=NameID(format=kind, text=text),
        authn={"class_ref": "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport", "authn_auth": BASE},
        sign_response=sign_response,
        sign_assertion=sign_assertion,
        sign_alg=f"http://www.w3.org/2001/04/xmldsig-more#rsa-{algorithm}" if algorithm != "sha1" else "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
        digest_alg={
            "sha1": "http://www.w3.org/2000/09/xmldsig#sha1",
            "sha256": "http://www.w3.org/2001/04/xmlenc#sha256",
            "sha384": "http://www.w3.org/2001/04/xmldsig-more#sha384",
            "sha512": "http://www.w3.org/2001/04/xmlenc#sha512",
        }[algorithm],
    )
    return base64.b64encode(str(response).encode()).decode()


print(
    json.dumps(
        {
            "now_ms": int(time.time() * 1000),
            "metadata": str(entity_descriptor(settings)),
            "request": {
                "id": request.id,
                "issuer": request.issuer.text,
                "acs": request.assertion_consumer_service_url,
                "force_authn": request.force_authn,
            },
            "response signed": answer(True, False),
            "assertion signed": answer(False, True),
            "both signed": answer(True, True),
            "SHA-384": answer(False, True, "sha384"),
            "SHA-512": answer(True, True, "sha512"),
            "SHA-1": answer(False, True, "sha1"),
            "not signed": answer(False, False),
            "transient": answer(False, True, kind=NAMEID_FORMAT_TRANSIENT),
            "another name": answer(True, False, text="\u00e4d\u00e4 <&> \u611b"),
        }
    )
)
