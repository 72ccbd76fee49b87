"""Keys, certificates and tokens for the tests, made with the openssl command."""

import base64
import hashlib
import json
import os
import subprocess
import time


def openssl(*words, data=None):
    return subprocess.run(["openssl", *words], input=data, check=True, capture_output=True).stdout


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Authority:
    """A certificate authority in a folder, and what it signs."""

    def __init__(self, folder, name="authority"):
        self.folder = folder
        self.name = name
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                "-subj", f"/CN={name}", "-keyout", self.path(name + ".key"), "-out", self.path(name + ".pem"))

    def path(self, name):
        return os.path.join(self.folder, name)

    def certificate(self, name):
        """name.key and name.pem; its SHA-256 is returned."""
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
                "-keyout", self.path(name + ".key"), "-out", self.path(name + ".csr"))
        with open(self.path(name + ".ext"), "w") as f:
            f.write("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
        openssl("x509", "-req", "-in", self.path(name + ".csr"), "-CA", self.path(self.name + ".pem"), "-CAkey",
                self.path(self.name + ".key"), "-CAcreateserial", "-days", "2", "-extfile", self.path(name + ".ext"),
                "-out", self.path(name + ".pem"))
        return hashlib.sha256(openssl("x509", "-in", self.path(name + ".pem"), "-outform", "DER")).hexdigest()


class Signer:
    """A key of an issuer of tokens."""

    def __init__(self, folder, kid, kind="RSA"):
        self.file = os.path.join(folder, kid + ".token-key")
        self.kid = kid
        self.kind = kind
        if kind == "RSA":
            openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", self.file)
        else:
            openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", self.file)

    def jwk(self):
        if self.kind == "RSA":
            modulus = openssl("rsa", "-in", self.file, "-noout", "-modulus").decode().strip().split("=")[1]
            return {"kty": "RSA", "kid": self.kid, "use": "sig", "n": b64(bytes.fromhex(modulus)), "e": "AQAB"}
        point = openssl("ec", "-in", self.file, "-pubout", "-outform", "DER")[-64:]
        return {"kty": "EC", "crv": "P-256", "kid": self.kid, "use": "sig", "x": b64(point[:32]), "y": b64(point[32:])}

    def sign(self, alg, data):
        if alg == "none":
            return b""
        if alg == "HS256":  # with the public key as the secret, an old trick
            import hmac
            return hmac.new(openssl("pkey", "-in", self.file, "-pubout"), data, "sha256").digest()
        more = ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32"] if alg == "PS256" else []
        signature = openssl("dgst", "-sha256", "-sign", self.file, *more, data=data)
        if alg != "ES256":
            return signature
        # DER: 30 len 02 len r 02 len s
        parts, at = [], 2
        for _ in range(2):
            length = signature[at + 1]
            parts.append(signature[at + 2:at + 2 + length].lstrip(b"\0").rjust(32, b"\0"))
            at += 2 + length
        return b"".join(parts)

    def token(self, alg=None, header=None, signer=None, **claims):
        alg = alg or ("RS256" if self.kind == "RSA" else "ES256")
        whole = {"alg": alg, "kid": self.kid, "typ": "JWT"} | (header or {})
        body = {"iss": "https://login.example", "aud": "voordeur", "sub": "school-1", "exp": int(time.time()) + 3600}
        body |= claims
        body = {name: value for name, value in body.items() if value is not None}
        whole = {name: value for name, value in whole.items() if value is not None}
        data = (b64(json.dumps(whole).encode()) + "." + b64(json.dumps(body).encode())).encode()
        return data.decode() + "." + b64((signer or self).sign(alg, data))


def key_set(*signers):
    return json.dumps({"keys": [signer.jwk() for signer in signers]})
