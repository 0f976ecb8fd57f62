"""V11: the source uses what docs/security/cryptography.md lists, and nothing else."""

import ast
import re

from app.core import keyring
from app.identity import passkeys
from app.start import certificates, keys
from app.start.connections import password_file
from appliance.contract import kit
from appliance.contract.certificates.own import AUTHORITY_KEY
from tests.security.asvs import written

PAGE = "cryptography.md"
CRYPTOGRAPHY = {
    *(
        "cryptography",
        "argon2",
        "hashlib",
        "hmac",
        "secrets",
        "ssl",
        "pyotp",
        "webauthn",
        "granian",
    ),
    *("Crypto", "Cryptodome", "nacl", "OpenSSL", "bcrypt", "passlib", "scrypt", "ecdsa", "rsa"),
    *("jwt", "jose", "authlib", "M2Crypto", "gnupg", "crypt", "itsdangerous", "pyaes", "zlib_ng"),
}
FORMS = {
    "serialization",
    "Encoding",
    "NoEncryption",
    "PrivateFormat",
    "PublicFormat",
    "load_pem_private_key",
    "CertificatePublicKeyTypes",
    "PrivateKeyTypes",
}
"""How keys are written down; they compute nothing."""


def listed(heading: str) -> set[str]:
    """Return the names in backticks of the first column under a heading."""
    rows = written.rows(written.section(PAGE, heading))
    return {name for row in rows for name in re.findall(r"`([\w.-]+)", row[0])}


def primitives(source: str) -> set[str]:
    """Return what a source takes from cryptography's primitives."""
    prefix = "cryptography.hazmat.primitives"
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(prefix):
            found |= {each.name for each in node.names}
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) in (
            "ec",
            "hashes",
            "hashlib",
        ):
            found.add(f"{ast.unparse(node.value)}.{node.attr}")
    return found


def used() -> set[str]:
    types = r"ec\.(EllipticCurve\w+|generate_private_key|ECDSA|derive_\w+)"
    found = {name for _, source in written.sources() for name in primitives(source)}
    return {
        name for name in found if name not in FORMS | {"ec", "hashes"} and not re.match(types, name)
    }


def test_cryptography_comes_from_listed_libraries_only_ASVS_11_2_1() -> None:
    imported = {
        name.partition(".")[0]
        for _, source in written.sources()
        for name in written.imports(source)
    }
    assert imported & CRYPTOGRAPHY <= listed("Libraries")
    assert {"cryptography", "argon2", "hashlib"} <= imported


def test_the_inventory_names_every_key_and_every_primitive_ASVS_11_1_1_ASVS_11_1_2() -> None:
    named = listed("Primitives") | {
        name for row in written.rows(written.section(PAGE, "Primitives"))
        for name in re.findall(r"`([\w.]+)`", row[0])
    }  # fmt: skip
    named |= {name.removeprefix("hashes.") for name in named}
    assert used() - named == set()
    assert {"AESGCM", "Ed25519PrivateKey", "ec.SECP256R1", "HKDF"} <= used(), "they are seen"
    table = written.section(PAGE, "Keys")
    own = "tls/certificates/own/*.key"
    for name in (certificates.KEPT_AS, keys.SIGNING_SECRET, AUTHORITY_KEY, own):
        assert f"`{name}`" in table
    assert password_file.__name__
    assert f"{certificates.SERVER_DAYS} days" in table
    assert f"{certificates.AUTHORITY_DAYS} days" in table
    assert all(all(row) for row in written.rows(table)), "each key says how it is made and ends"
    policy = written.section(PAGE, "The policy")
    for word in ("Making", "Sharing", "Storing", "Using", "Replacing", "Destroying", "Strength"):
        assert f"**{word}.**" in policy


def test_only_approved_algorithms_make_keys_and_signatures_ASVS_11_6_1() -> None:
    weaker = [
        row[0]
        for row in written.rows(written.section(PAGE, "Primitives"))
        if row[1] != "–" and int(row[1]) < 128
    ]
    assert len(weaker) == 1
    assert "RS256" in weaker[0], "of authenticators that know no other"
    assert set(passkeys.ALGORITHMS) == {-8, -7, -257}, "EdDSA, ES256, RS256: no SHA-1, no raw RSA"
    assert keyring.KEY_BYTES * 8 >= 256
    assert kit.KEY_BYTES * 8 >= 256
    curves = {name for name in used() if name.startswith("ec.")}
    assert curves == {"ec.SECP256R1"}
    makers = {
        ast.unparse(node)
        for _, source in written.sources()
        for name, node in written.calls(source)
        if name.endswith(("generate_private_key", "PrivateKey.generate"))
    }
    assert makers == {
        "ec.generate_private_key(ec.SECP256R1())",
        "rsa.generate_private_key(65537, 3072)",  # for authorities that take nothing else
        "Ed25519PrivateKey.generate()",
    }


def test_only_approved_ciphers_and_modes_are_used_ASVS_11_3_1_ASVS_11_3_2() -> None:
    planted = "from cryptography.hazmat.primitives.ciphers import Cipher, modes"
    assert primitives(planted) == {"Cipher", "modes"}
    refused = {"Cipher", "modes", "algorithms", "padding", "AESECB", "ARC4", "TripleDES"}
    assert not used() & refused
    ciphers = {name for name in used() if re.search(r"AES|ChaCha|Camellia|SM4", name)}
    assert ciphers == {"AESGCM"}
    suites = [
        ast.unparse(node)
        for _, source in written.sources()
        for name, node in written.calls(source)
        if name == "Suite"
    ]
    assert suites
    assert all("AES_256_GCM" in each for each in suites)


def test_only_approved_hashes_are_used_ASVS_11_4_1_ASVS_11_4_3() -> None:
    assert primitives("hashlib.md5(x)") == {"hashlib.md5"}
    hashes = {name for name in used() if name.startswith(("hashlib.", "hashes.", "SHA", "MD"))}
    # SHA-512 is Ed25519's own (RFC 8032), in the verifier that carries it
    assert hashes == {
        "hashlib.sha256", "hashlib.sha512", "hashlib.file_digest", "hashes.SHA256", "SHA256",
    }  # fmt: skip
    digests = {
        ast.unparse(node.args[-1])
        for _, source in written.sources()
        for name, node in written.calls(source)
        if name in ("hmac.new", "hashlib.file_digest")
    }
    assert digests <= {"hashlib.sha256", "'sha256'"}
