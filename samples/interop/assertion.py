"""Reads a client assertion as a second opinion: signature, names of the certificate and claims, by PyJWT.

usage: assertion.py STEP TOKEN_ENDPOINT CLIENT_ID CERTIFICATE ASSERTION, the last two being files
"""

import base64
import sys
import time
from pathlib import Path

import jwt
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from observe import observe

NAME = "PyJWT"
CLAIMS = ["aud", "iss", "sub", "jti", "iat", "nbf", "exp"]


def names(header, certificate):
    """Which parts of the header name the certificate; a part that names another one is reported as wrong."""
    x5t = {"x5t#S256": SHA256(), "x5t": SHA1()}
    for name, algorithm in x5t.items():
        if name in header:
            expected = base64.urlsafe_b64encode(certificate.fingerprint(algorithm)).rstrip(b"=").decode()
            yield name if header[name] == expected else f"{name} is wrong"
    if "x5c" in header:
        expected = base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()
        yield f"x5c of {len(header['x5c'])}" if header["x5c"][0] == expected else "x5c is wrong"


def main(step, endpoint, client_id, certificate, assertion):
    certificate = x509.load_pem_x509_certificate(Path(certificate).read_bytes())
    assertion = Path(assertion).read_text().strip()
    header = jwt.get_unverified_header(assertion)
    claims = jwt.decode(
        assertion,
        certificate.public_key(),
        algorithms=["PS256", "RS256"],
        audience=endpoint,
        issuer=client_id,
        subject=client_id,
        options={"require": CLAIMS, "strict_aud": True},
    )
    life = claims["exp"] - claims["nbf"]
    good = claims["nbf"] <= time.time() < claims["exp"] and life <= 600 and set(claims) == set(CLAIMS)
    saw = {"alg": header["alg"], "typ": header["typ"], "names": list(names(header, certificate)), "claims": good}
    observe(NAME, step, saw)


if __name__ == "__main__":
    main(*sys.argv[1:])
