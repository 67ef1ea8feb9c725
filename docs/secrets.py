"""The secrets guard: detect-secrets over every tracked file, high-entropy guessing left out.

`python -m docs.secrets` fails with file and line of anything that looks like a private key or a credential.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from detect_secrets.core.secrets_collection import SecretsCollection
from detect_secrets.settings import transient_settings

ROOT = Path(__file__).resolve().parent.parent
# Keyword and entropy plugins would flag every demo password; these find the real thing.
PLUGINS = (
    "PrivateKeyDetector", "AWSKeyDetector", "AzureStorageKeyDetector", "GitHubTokenDetector", "GitLabTokenDetector",
    "JwtTokenDetector", "NpmDetector", "PypiTokenDetector", "SlackDetector", "StripeDetector", "TwilioKeyDetector",
    "OpenAIDetector", "TelegramBotTokenDetector", "SendGridDetector", "SquareOAuthDetector", "IPPublicDetector",
)  # fmt: skip


def main() -> int:
    """Scan. Returns 1 if anything is found."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    found = SecretsCollection()
    with transient_settings({"plugins_used": [{"name": name} for name in PLUGINS]}):
        for name in listed.stdout.splitlines():
            found.scan_file(str(ROOT / name))
    for name, secret in found:
        sys.stdout.write(f"{name}:{secret.line_number}: {secret.type}\n")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
