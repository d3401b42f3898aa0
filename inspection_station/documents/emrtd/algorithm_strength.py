"""Whether the algorithms under a security object still stand: a note beyond TR-03135-1, kept under its section on
security objects.

A weak algorithm is no forgery: genuine passports of the early years carry SHA-1 until they expire. What it protects is
undetermined.
"""

from __future__ import annotations

from collections.abc import Sequence

from inspection_station.documents.emrtd import signatures
from inspection_station.documents.emrtd.certificates import Certificate
from inspection_station.documents.emrtd.check_reasons import Why
from inspection_station.documents.emrtd.checks import Check
from inspection_station.documents.emrtd.errors import ChipFault
from inspection_station.documents.emrtd.security_object import SecurityObject
from inspection_station.documents.emrtd.signatures import EcKey, PublicKey, RsaKey
from inspection_station.inspection.chip import ChipCheck

_WEAK_DIGESTS = frozenset({"sha1"})
_LEAST_RSA, _LEAST_CURVE = 2048, 224
"""Bits, of RSA and DSA moduli and of curves; Doc 9303 part 12 §4.1.6 asks for more of new keys, and old ones are still
in use.
"""


def check_algorithms(sod: SecurityObject, signer: Certificate | None, chain: Sequence[Certificate] = ()) -> ChipCheck:
    """Digest of the data groups, digest and key of the signature; where the signer leads over ``chain`` to an anchor,
    the signatures that it rests on and the keys that made them.
    """
    check = Check.ALGORITHM_STRENGTH
    try:
        digests = {sod.digest, *(one.digest_algorithm.digest for one in sod.signed.signers)}
        if signer is not None and chain:
            digests |= {found for one in (signer, *chain[:-1]) if (found := signatures.digest_of(one.algorithm))}
    except ChipFault as fault:
        return check.undetermined(Why.DIGEST_NOT_SPOKEN(fault.detail))
    weak = [digest.upper() for digest in sorted(digests & _WEAK_DIGESTS)]
    used = [digest.upper() for digest in sorted(digests)]
    for certificate in (signer, *chain) if signer is not None else ():
        try:
            key = certificate.public_key
        except ChipFault as fault:
            return check.undetermined(Why.KEY_NOT_SPOKEN(fault.detail))
        if certificate is signer:
            used.append(key.description)
        if _bits(key) < (_LEAST_CURVE if isinstance(key, EcKey) else _LEAST_RSA) and key.description not in weak:
            weak.append(key.description)
    if weak:
        return check.undetermined(Why.WEAK_ALGORITHM(methods=", ".join(weak)))
    return check.successful(", ".join(used))


def _bits(key: PublicKey) -> int:
    if isinstance(key, EcKey):
        return key.curve.n.bit_length()
    return (key.n if isinstance(key, RsaKey) else key.p).bit_length()
