"""The TLS context of every connection to a mail server: certificate and host name are always checked.

yagmail by itself accepts any certificate, so it is never left to make its own context.
"""

import ssl

from pantau.core.errors import DeliveryError
from pantau.core.settings import Network

_WRONG_NAME = 62
"""``X509_V_ERR_HOSTNAME_MISMATCH``; 64 is the same for an IP address (OpenSSL, x509_vfy.h)."""
_WRONG_IP = 64


def tls_context(network: Network) -> ssl.SSLContext:
    """System authorities plus ``network.ca_file``. Raises ``DeliveryError`` when unreadable."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if network.ca_file:
        try:
            context.load_verify_locations(cafile=network.ca_file)
        except OSError as error:  # ssl.SSLError is one
            raise DeliveryError(
                f"Berkas CA {network.ca_file} (network.ca_file) tidak dapat dipakai: {error.strerror or error}. "
                "Isi dengan sertifikat CA berformat PEM dari pengelola server surel."
            ) from error
    return context


def handshake_refused(error: Exception) -> bool:
    """True for a TLS failure that waiting cannot mend; a line that merely broke during the handshake is none."""
    return isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError)


def tls_words(error: Exception, server: str) -> str:
    """An Indonesian sentence for a failed handshake with ``server`` (``host:port``), with what to do."""
    if not isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"Sambungan aman (TLS) ke {server} gagal: {getattr(error, 'reason', '') or 'tanpa alasan'}. Cocokkan mail.port dan "
            'mail.security: 587 biasanya "starttls", 465 biasanya "ssl". Tidak ada surel yang dikirim.'
        )
    if error.verify_code in (_WRONG_NAME, _WRONG_IP):
        remedy = "Isi nama server persis seperti yang tertulis di sertifikatnya"
    else:
        remedy = (
            "Bila server kantor memakai CA sendiri, minta berkas CA-nya (PEM) dari pengelola server dan isi "
            "network.ca_file; bila kedaluwarsa, minta sertifikat baru"
        )
    return (
        f"Sertifikat server {server} tidak dapat dipercaya: {error.verify_message}. {remedy}. "
        "Tidak ada surel yang dikirim."
    )
