"""Chromium's managed policies for a session: what a browser may do at most, whatever a page or a user asks of it.

Names and values are those of https://chromeenterprise.google/policies/. `python -m capture.policies` prints the file, for an
image that can give its browsers no other way of their own.

Not DeveloperToolsAvailability: 2 would lock ChromeDriver out as well. The tools are a page of `devtools:`, which nobody may open.
"""

from __future__ import annotations

import json
from typing import Any

_NEVER = 2  # "do not allow any site to ask"

POLICIES: dict[str, Any] = {
    # Where pages may go. `data:` and `blob:` are for frames and downloads of pages. That none leads a tab to a `data:` page is
    # Chromium's own rule; here it has to be open, for a browser begins with one.
    # `*` does not mean the browser's own pages, so they are named. Parts of its window are such pages, too (*.top-chrome): where
    # those are blocked, they become tabs.
    "URLBlocklist": ["*", "chrome://*", "chrome-untrusted://*"],
    "URLAllowlist": ["http://*", "https://*", "data:*", "blob:*", "about:blank", "about:srcdoc", "chrome://top-chrome"],
    # Nothing to or from the server's disk. (What a user uploads comes through the server, not through a dialog.)
    "DownloadRestrictions": 3,
    "AllowFileSelectionDialogs": False,
    "PrintingEnabled": False,
    "DefaultFileSystemReadGuardSetting": _NEVER,
    "DefaultFileSystemWriteGuardSetting": _NEVER,
    # Nothing that asks the user in a window that is the browser's own, and nothing of the machine.
    "DefaultNotificationsSetting": _NEVER,
    "DefaultGeolocationSetting": _NEVER,
    "DefaultWebUsbGuardSetting": _NEVER,
    "DefaultWebBluetoothGuardSetting": _NEVER,
    "DefaultWebHidGuardSetting": _NEVER,
    "DefaultSerialGuardSetting": _NEVER,
    "DefaultSensorsSetting": _NEVER,
    "DefaultLocalFontsSetting": _NEVER,
    "DefaultWindowManagementSetting": _NEVER,
    "AudioCaptureAllowed": False,
    "VideoCaptureAllowed": False,
    "ScreenCaptureAllowed": False,
    "DefaultBrowserSettingEnabled": False,
    "PromotionsEnabled": False,
    "TranslateEnabled": False,
    # No extensions, accounts, stored secrets or other profiles.
    "ExtensionInstallBlocklist": ["*"],
    "BlockExternalExtensions": True,
    "PasswordManagerEnabled": False,
    "AutofillAddressEnabled": False,
    "AutofillCreditCardEnabled": False,
    "PaymentMethodQueryEnabled": False,
    "SyncDisabled": True,
    "BrowserSignin": 0,
    "IncognitoModeAvailability": 1,
    "BrowserGuestModeEnabled": False,
    "BrowserAddPersonEnabled": False,
    "BackgroundModeEnabled": False,
    # Nothing around the proxy, and no traffic of the browser's own.
    "QuicAllowed": False,
    "WebRtcIPHandling": "disable_non_proxied_udp",
    "DnsOverHttpsMode": "off",
    "BuiltInDnsClientEnabled": False,
    "NetworkPredictionOptions": 2,
    "SearchSuggestEnabled": False,
    "AlternateErrorPagesEnabled": False,
    "SafeBrowsingProtectionLevel": 0,
    "MetricsReportingEnabled": False,
    "ComponentUpdatesEnabled": False,
    "MaxConnectionsPerProxy": 99,  # 32 by default, for all hosts together: too few for a busy page
}


def text() -> str:
    """The policy file."""
    return json.dumps(POLICIES, indent=2)


if __name__ == "__main__":
    print(text())
