"""The checks made on a chip, each under its section of BSI TR-03135-1 v2.5."""

from __future__ import annotations

from enum import Enum

from inspection_station.documents.emrtd.check_reasons import Told
from inspection_station.inspection.chip import CheckResult, ChipCheck


class Check(Enum):
    """Section and stable name."""

    ACCESS_BAC = ("5.6.3.1.1", "access")
    ACCESS_PACE = ("5.6.3.1.2", "access")
    ACCESS = ("5.6.3.1", "access")
    CARD_ACCESS = ("5.6.3.1.2", "card-access")
    TERMINAL_AUTHENTICATION = ("5.6.3.2", "terminal-authentication")
    ACTIVE_AUTHENTICATION = ("5.6.4.1.1", "active-authentication")
    CHIP_AUTHENTICATION = ("5.6.4.1.2", "chip-authentication")
    PACE_CAM = ("5.6.4.1.3", "chip-authentication")
    GENUINENESS = ("5.6.4.1", "chip-authentication")
    ALGORITHM_STRENGTH = ("5.6.4.2.1", "algorithm-strength")
    SECURITY_OBJECT_SIGNATURE = ("5.6.4.2.2", "security-object-signature")
    SIGNER_DOCUMENT_TYPE = ("5.6.4.3.2", "signer-document-type")
    SIGNER_SIGNATURE = ("5.6.4.3.3", "signer-trust")
    SIGNER_VALIDITY = ("5.6.4.3.4", "signer-validity")
    SIGNER_REVOCATION = ("5.6.4.3.5", "signer-revocation")
    SIGNER_TRUST = ("5.6.4.3.6", "signer-trust")
    COMMON_DATA = ("5.6.4.4.1", "common-data")
    DATA_GROUP_HASH = ("5.6.4.4.2", "data-group-hash")
    ISSUING_STATE = ("5.6.4.5", "issuing-state")
    DOCUMENT_EXPIRY = ("5.7.1", "document-expiry")
    MRZ_AGAINST_CHIP = ("5.7.2", "mrz-against-chip")
    SIGNER_FORM = ("5.8.2.1.2", "signer-form")
    DATA_GROUP_FORMAT = ("5.8.2.2.1", "data-group-format")
    BIOMETRIC_HEADER = ("5.8.2.2.1", "biometric-header")
    SECURITY_OBJECT_FORM = ("5.8.2.2.2", "security-object-form")

    def successful(self, evidence: str) -> ChipCheck:
        """The check was made and holds."""
        return self._result(CheckResult.SUCCESSFUL, evidence)

    def failed(self, why: Told) -> ChipCheck:
        """The check was made and does not hold."""
        return self._without_success(CheckResult.FAILED, why)

    def undetermined(self, why: Told) -> ChipCheck:
        """What the check needs is not at hand."""
        return self._without_success(CheckResult.UNDETERMINED, why)

    def not_supported(self, evidence: str) -> ChipCheck:
        """The chip has no such thing to check."""
        return self._result(CheckResult.NOT_SUPPORTED, evidence)

    def aborted(self, why: Told) -> ChipCheck:
        """The check began and could not be finished."""
        return self._without_success(CheckResult.ABORTED, why)

    def _without_success(self, result: CheckResult, why: Told) -> ChipCheck:
        section, name = self.value
        return ChipCheck(section, name, result, why.text, why.reason)

    def _result(self, result: CheckResult, evidence: str) -> ChipCheck:
        section, name = self.value
        return ChipCheck(section, name, result, evidence)
