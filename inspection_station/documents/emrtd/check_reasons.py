"""Why a check on a chip did not come out as it should: a stable code with its values, and the English sentence.

The code is what screens word in the officer's language (``reason.CODE``); the sentence stays in the record and in
JSON output for those who look into a case afterwards. Neither holds personal data. Sentences may differ under one code
where an officer would do the same about them.
"""

from __future__ import annotations

import string
from dataclasses import dataclass
from enum import Enum

from inspection_station.inspection.chip import CheckReason


@dataclass(frozen=True, slots=True)
class Told:
    """A reason as told of one check. ``text`` is English."""

    text: str
    reason: CheckReason


class Why(Enum):
    """Code and English sentence. Calling a member fills the sentence; ``detail`` goes into the sentence alone."""

    # The whole document
    MALFORMED = ("malformed", "malformed: {detail}")
    FILE_MALFORMED = ("group-malformed", "{group}: malformed: {detail}")
    GROUP_MALFORMED = ("group-malformed", "{group}: {detail}")
    GROUP_IS_MALFORMED = ("group-malformed", "{group} is malformed")
    GROUP_IS_MALFORMED_THUS = ("group-malformed", "{group} is malformed: {detail}")
    NOT_SPOKEN = ("method-unknown", "not spoken here: {detail}")
    GROUP_NOT_SPOKEN = ("method-unknown", "{detail}: not spoken here: {fault}")
    DIGEST_NOT_SPOKEN = ("method-unknown", "the signature's digest is not spoken here: {detail}")
    KEY_NOT_SPOKEN = ("method-unknown", "the signer's key is not spoken here: {detail}")
    ISSUER_KEY_NOT_SPOKEN = ("method-unknown", "{detail}")
    FORM_DEVIATES = ("form-deviates", "{detail}")
    KNOWN_DEFECT = ("known-defect", "{detail}")

    # Opening
    PACE_REFUSED = ("pace-refused", "PACE was offered and refused {detail}")
    PACE_NOT_SPOKEN = ("pace-unknown", "{detail}")
    OFFERS_UNSIGNED = ("offers-unsigned", "the offers of PACE are signed nowhere")
    OFFERS_WITHHELD = ("offers-withheld", "{detail} signs offers of PACE that the chip withheld")
    OFFERS_DIFFER = ("offers-differ", "EF.CardAccess makes {detail}")
    NO_OFFERS_SIGNED = ("offers-unsigned", "neither DG14 nor EF.CardSecurity to compare with")

    # Data groups
    NO_SECURITY_OBJECT = ("no-security-object", "the chip holds no security object")
    NO_SECURITY_OBJECT_TO_GO_BY = ("no-security-object", "no security object to go by")
    NO_SECURITY_OBJECT_FOR = ("no-security-object", "{detail}: no security object to compare with")
    NO_SECURITY_OBJECT_HERE = ("no-security-object", "no EF.SOD in the folder")
    GROUP_MISSING = ("group-missing", "{group}: signed but not on the chip")
    GROUP_NOT_HERE = ("group-not-at-hand", "{group}: signed, not in the folder")
    OFFERS_NOT_HERE = ("offers-not-at-hand", "{group}: not in the folder, where {detail} signs offers of PACE")
    GROUP_UNSIGNED = ("group-unsigned", "{group}: on the chip but not in the security object")
    GROUP_UNREADABLE = ("group-unreadable", "{group}: cannot be read, status {detail}")
    GROUP_CANNOT_BE_READ = ("group-unreadable", "{group} cannot be read")
    FILE_CANNOT_BE_READ = ("group-unreadable", "{group} cannot be read, status {detail}")
    GROUP_COULD_NOT_BE_READ = ("group-unreadable", "{group} could not be read")
    GROUP_NOT_AS_SIGNED = ("group-not-as-signed", "{group} is not as signed")
    HASH_DIFFERS = ("group-not-as-signed", "{group}: {detail} differs from the signed one")
    PORTRAIT_NOT_ASKED = ("portrait-not-asked", "DG2: not read, the portrait was not asked for")
    CONTENTS_DIFFER = ("contents-differ", "{detail}")
    HEADER_DEVIATES = ("header-deviates", "{group}: {detail}")

    # The zone
    ZONE_LAYOUT_UNKNOWN = ("zone-layout-unknown", "the zone in DG1 has no known layout")
    ZONE_LAYOUT_DIFFERS = ("zone-layout-differs", "the zone in DG1 has another layout than the printed one")
    ZONE_DIFFERS = ("zone-differs", "differs from the printed zone in: {fields}")
    ZONE_DIGITS_DIFFER = ("zone-digits-differ", "differs from the printed zone in: check digits")
    EXPIRY_UNKNOWN = ("expiry-unknown", "the date of expiry cannot be told")
    EXPIRED = ("expired", "expired")
    NO_ISSUING_STATE = ("no-issuing-state", "DG1 gives no issuing state")
    STATE_MISSING = ("no-issuing-state", "the code of the state is in no table, signed by {detail}")
    STATE_DIFFERS = ("state-differs", "{state} signed by {country}")
    STATE_UNKNOWN = ("state-unknown", "the code {state} is in no table, signed by {country}")
    TYPE_NOT_ALLOWED = ("type-not-allowed", "{code} is not among {allowed}")
    NO_DOCUMENT_CODE = ("no-document-code", "no document code is not among {detail}")

    # The signer
    NOBODY_SIGNED = ("nobody-signed", "nobody signed it")
    SIGNATURE_WRONG = ("signature-wrong", "{detail}")
    SIGNER_MALFORMED = ("signer-malformed", "the signer's certificate is malformed")
    SIGNER_MALFORMED_THUS = ("signer-malformed", "the signer's certificate is malformed: {detail}")
    SIGNER_NOT_CARRIED = ("signer-absent", "the signer's certificate is not in the security object")
    SIGNER_ABSENT = ("signer-absent", "the signer's certificate is not at hand")
    SIGNER_NAMES_NO_COUNTRY = ("signer-no-country", "the signer's certificate names no country")
    SIGNER_NAMES_OTHER_COUNTRY = ("signer-other-country", "{detail}, but names {country} as its country{version}")
    TYPES_MALFORMED = (
        "signer-malformed",
        "the list of document types in the signer's certificate is malformed",
    )
    SIGNER_FORGED = ("signer-forged", "{detail}")
    SIGNER_FOR_ELSE = ("signer-for-else", "{detail}, but made for signing something else than documents{version}")
    NO_ANCHOR = ("no-anchor", "{detail}; no anchor of this state (no country named){version}")
    NO_ANCHOR_OF_STATE = ("no-anchor-of-state", "{detail}; no anchor of this state ({country}){version}")
    ISSUER_UNKNOWN = ("issuer-unknown", "{detail}; anchors of this state are at hand ({country}){version}")
    SIGNER_EXPIRED = ("signer-expired", "the signer's certificate expired on {day}")
    SIGNER_NOT_YET = ("signer-not-yet", "the signer's certificate is valid from {day} only")
    ISSUER_EXPIRED = ("issuer-expired", "the issuer's certificate expired on {day}")
    ISSUER_NOT_YET = ("issuer-not-yet", "the issuer's certificate is valid from {day} only")
    SIGNING_TIME_MALFORMED = ("signing-time", "when it was signed cannot be told: the time is malformed")
    SIGNED_LATER = ("signed-later", "signed on {day}, which is after the day of the inspection")
    SIGNED_OUTSIDE = ("signed-outside", "signed on {day}, when the signer's certificate was not valid")
    REVOCATION_WITHOUT_ANCHOR = (
        "revocation-no-anchor",
        "the signer leads to no anchor whose revocation list could be trusted",
    )
    NO_REVOCATION_LIST = ("no-revocation-list", "no revocation list of the issuer at hand")
    REVOKED = ("revoked", "revoked in the list of {day}")
    REVOCATION_LIST_ENDED = ("revocation-list-ended", "the revocation list ended on {day}")
    WEAK_ALGORITHM = ("weak-algorithm", "could be imitated by now: {methods}")

    # The chip's own keys
    KEY_WITHOUT_PROTOCOL = ("key-protocol", "DG14 names a key and a protocol that do not belong together")
    PROOF_REFUSED = ("proof-refused", "{detail}: refused, although the state signed the key ({status})")
    PROOF_NOT_HAD = ("proof-not-had", "{detail}: the answer could not be had, status {status}")
    PROOF_WRONG = ("key-not-held", "{detail}")
    KEY_NOT_HELD = ("key-not-held", "the chip does not have the key that the state signed")
    KEY_NOT_HELD_OF = ("key-not-held", "{detail}: the chip does not have the key that the state signed")
    KEY_GROUP_MISSING = ("key-group-missing", "the state signed {group}, which the chip does not have")
    KEY_GROUP_WITHHELD = ("key-group-withheld", "the state signed {group}, which the chip withholds, status {status}")
    NO_PROOF = ("proof-missing", "the chip sent no proof of its key")
    NO_MAPPING_KEY = ("mapping-key-missing", "EF.CardSecurity holds no key for the mapping")
    NO_CARD_SECURITY = ("no-card-security", "the chip has no EF.CardSecurity that could be read")
    CARD_SECURITY_NOT_TRUSTED = ("card-security-not-trusted", "{detail}")
    ONLY_THE_CHIP = ("only-the-chip", "only the chip itself could prove its keys")

    # Fingers in the chip
    NO_TERMINAL_KEYS = ("no-terminal-keys", "{detail}: not checked, no terminal keys for {state}")
    NO_TERMINAL_CHAIN = ("no-terminal-chain", "not checked: {detail}")
    NO_FINGER_RIGHT = ("no-finger-right", "not checked: the keys below {detail} give no right to fingers")
    FINGERS_NOT_ASKED = ("fingers-not-asked", "{detail}: not checked, the fingers were not asked for")
    IRISES_NOT_USED = ("irises-not-used", "{detail}: not checked, irises are not used here")
    CHIP_KEY_FIRST = (
        "chip-key-first",
        "{detail}: not checked, the chip did not prove its key, which goes first",
    )
    TERMINAL_TRUST_UNREADABLE = ("terminal-trust-unreadable", "the chip does not say whom it trusts: {detail}")
    TERMINAL_REFUSED = ("terminal-refused", "the chip refused: {detail}")

    @property
    def code(self) -> str:
        """Stable; several members may share one."""
        return self.value[0]

    @property
    def names(self) -> frozenset[str]:
        """Names of the values that the officer may be told."""
        blanks = {name for _, name, _, _ in string.Formatter().parse(self.value[1]) if name is not None}
        return frozenset(blanks - _FOR_SUPPORT)

    def __call__(self, detail: str = "", **values: str) -> Told:
        """The sentence filled, and the code with those of its values that are for the officer."""
        kept = tuple((name, value) for name, value in sorted(values.items()) if name not in _FOR_SUPPORT)
        return Told(self.value[1].format(detail=detail, **values), CheckReason(self.code, kept))


_FOR_SUPPORT = frozenset({"detail", "fault", "status", "version"})
"""Blanks that only the English sentence fills."""
