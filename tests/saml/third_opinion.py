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


def believed(**how):
    """The id of a request that is believed by whoever wants them signed, or None."""
    # It keeps what its metadata said of us: who wants signatures is made anew.
    strict = config | {"metadata": {"local": [str(folder / "signing_sp.xml")]}}
    strict["service"] = {"idp": config["service"]["idp"] | {"want_authn_requests_signed": True}}
    try:
        found = Server(config=IdPConfig().load(strict)).parse_authn_request(**how)
        return found.message.id if found else None
    except Exception:  # whatever it throws at one that it does not believe
        return None


def redirected(name, **other):
    fields = json.loads((folder / f"{name}.json").read_text()) | other
    return believed(
        enc_request=fields["SAMLRequest"],
        binding=BINDING_HTTP_REDIRECT,
        relay_state=fields["RelayState"],
        sigalg=fields.get("SigAlg"),
        signature=fields.get("Signature"),
    )


def sent(text):
    return believed(enc_request=text, binding=BINDING_HTTP_POST)


form = (folder / "signed.txt").read_text()
tampered = base64.b64encode(base64.b64decode(form).replace(b"ForceAuthn", b"IsPassive")).decode()
signed_requests = {
    "redirect": {
        "signed": redirected("signed"),
        "foreign": redirected("foreign"),
        "tampered": redirected("signed", RelayState="another"),
        "not signed": redirected("signed", SigAlg=None, Signature=None),
    },
    "post": {
        "signed": sent(form),
        "foreign": sent((folder / "foreign.txt").read_text()),
        "tampered": sent(tampered),
        "not signed": sent((folder / "posted.txt").read_text()),
    },
}


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
            "signed requests": signed_requests,
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
