"""An account logs in to the office's TikTok app, by hand, in a browser: the address to open, and what to do with the answer."""

import hashlib
import hmac
from collections.abc import Callable
from urllib.parse import parse_qs, urlencode, urlsplit

import msgspec

from collectors.base import CollectorError, Pace
from collectors.tiktok_client import TikTokClient, TikTokError
from collectors.tiktok_tokens import Shelf, Token, token_of
from pantau.core.model import Account
from pantau.core.settings import Network
from pantau.core.settings_tiktok import LOOPBACK, TikTokSettings

SCOPES = ("user.info.basic", "user.info.profile", "user.info.stats", "video.list")
"""Id, handle, number of videos (which proves an empty list), videos."""
_NEEDED = ("user.info.profile", "video.list")


class LoginRequest(msgspec.Struct, frozen=True):
    """An address to open in the browser, and what its answer is checked by."""

    address: str
    state: str
    verifier: str

    def __repr__(self) -> str:
        return "LoginRequest(...)"


class TikTokLogin:
    """``random`` gives an unguessable text of 43 letters. Everything raises ``CollectorError`` with what to do."""

    def __init__(
        self,
        settings: TikTokSettings,
        network: Network,
        client_secret: str,
        shelf: Shelf,
        pace: Pace,
        random: Callable[[], str],
    ) -> None:
        self._settings = settings
        self._network = network
        self._client_secret = client_secret
        self._shelf = shelf
        self._pace = pace
        self._random = random

    def start(self) -> LoginRequest:
        """The request for one login. An app of the kind "desktop" wants a proof key (PKCE) with it, in TikTok's own spelling."""
        request = LoginRequest("", self._random(), self._random())
        query = {
            "client_key": self._settings.client_key,
            "scope": ",".join(SCOPES),
            "response_type": "code",
            "redirect_uri": self._settings.redirect_url,
            "state": request.state,
            "disable_auto_auth": "1",
        }
        if self._is_desktop():
            query["code_challenge"] = hashlib.sha256(request.verifier.encode()).hexdigest()
            query["code_challenge_method"] = "S256"
        address = f"{self._settings.login_url.rstrip('/')}/v2/auth/authorize/?{urlencode(query)}"
        return msgspec.structs.replace(request, address=address)

    def finish(self, request: LoginRequest, pasted: str, account: Account) -> Token:
        """Check the address to which TikTok sent the browser, trade its code, check who logged in, and store the token."""
        code = self._code_of(request, pasted)
        client = TikTokClient(self._settings, self._network, self._settings.client_key, self._client_secret, self._pace)
        try:
            token = self._trade(client, request, code, account)
        finally:
            client.close()
        self._shelf.save(token)
        return token

    def _code_of(self, request: LoginRequest, pasted: str) -> str:
        try:
            address, wanted = urlsplit(pasted.strip()), urlsplit(self._settings.redirect_url)
            answer = {name: values[0] for name, values in parse_qs(address.query).items()}
            same = (address.scheme, address.hostname, address.path) == (wanted.scheme, wanted.hostname, wanted.path)
        except ValueError:
            same, answer = False, {}
        if not same:
            reason = f"alamat yang ditempel bukan alamat kembali aplikasi ({self._settings.redirect_url}...)"
            raise CollectorError(f"{reason}; salin seluruh alamat dari baris alamat peramban sesudah masuk", "token")
        if not hmac.compare_digest(answer.get("state", "").encode(), request.state.encode()):
            raise CollectorError("alamat ini bukan jawaban atas permintaan tadi (state berbeda); ulangi", "token")
        if error := answer.get("error"):
            said = error if error.replace("_", "").isalnum() else "tidak dikenal"
            raise CollectorError(f"TikTok tidak memberi izin ({said}); ulangi dan setujui semua izin", "token")
        if not answer.get("code"):
            raise CollectorError("alamat yang ditempel tidak memuat kode (code=...); ulangi dari awal", "token")
        return answer["code"]

    def _trade(self, client: TikTokClient, request: LoginRequest, code: str, account: Account) -> Token:
        grant = {"grant_type": "authorization_code", "code": code, "redirect_uri": self._settings.redirect_url}
        if self._is_desktop():
            grant["code_verifier"] = request.verifier
        try:
            answer = client.trade(grant)
        except TikTokError as error:
            if error.kind != "grant":
                raise
            raise CollectorError("kode masuk tidak berlaku (lagi); ulangi dari awal dengan segera", "token") from error
        token = token_of(answer, account.handle, client.client_key, self._pace.now())
        missing = [scope for scope in _NEEDED if scope not in token.scopes]
        if missing:
            raise CollectorError(f"izin belum lengkap ({', '.join(missing)}); ulangi dan setujui semua izin", "token")
        username = client.user(token.access_token, "open_id,display_name,username").get("username")
        if not isinstance(username, str) or username.lower() != account.handle.lower():
            who = f"@{username}" if isinstance(username, str) and username else "akun tanpa nama"
            reason = f"yang masuk adalah {who}, bukan @{account.handle}; tokennya tidak disimpan"
            raise CollectorError(f"{reason}. Keluar dulu dari TikTok di peramban, lalu ulangi", "token")
        return msgspec.structs.replace(token, username=username)

    def _is_desktop(self) -> bool:
        return urlsplit(self._settings.redirect_url).hostname in LOOPBACK
