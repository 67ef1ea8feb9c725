"""Settings of the BI service (Apache Superset): one office, one schema, nothing from outside and nothing to outside.

Superset reads this file by its name from PYTHONPATH. What is secret comes from the environment and has no default: the
service does not start without it. The analyst's password is asked for at each connection and is never stored.
"""

from __future__ import annotations

import os

APP_NAME = "街道数据总览"
BABEL_DEFAULT_LOCALE = "zh"
LANGUAGES = {"zh": {"flag": "cn", "name": "简体中文"}, "en": {"flag": "us", "name": "English"}}


def _needed(name: str) -> str:
    # Compose reads the whole file for every profile, so that it cannot insist on what only this one needs.
    if not (value := os.environ.get(name)):
        raise KeyError(f"{name} is empty: set it in .env")
    return value


def _password(_url: object) -> str:
    return _needed("BI_ANALYST_PASSWORD")


SECRET_KEY = _needed("BI_SECRET_KEY")
SQLALCHEMY_DATABASE_URI = _needed("BI_METADATA_URL")

SQLALCHEMY_CUSTOM_PASSWORD_STORE = _password

# Nobody looks without a login; an administrator makes the accounts.
AUTH_USER_REGISTRATION = False
PUBLIC_ROLE_LIKE = None
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = os.environ.get("BI_HTTPS") == "true"

FEATURE_FLAGS = {
    "ALERT_REPORTS": False,
    "DRILL_TO_DETAIL": False,
    "DRILL_BY": False,
    "EMBEDDED_SUPERSET": False,
    "ENABLE_TEMPLATE_PROCESSING": False,
    "ESCAPE_MARKDOWN_HTML": True,
}
ALLOWED_EXTENSIONS: set[str] = set()  # no file is uploaded
ROW_LIMIT = 10_000
SQL_MAX_ROW = 10_000
SQLLAB_TIMEOUT = 60

# The browser may ask this service and nobody else: no map tiles, no fonts, no counting pixel of the product.
TALISMAN_ENABLED = True
TALISMAN_CONFIG = {
    "content_security_policy": {
        "base-uri": ["'self'"],
        "default-src": ["'self'"],
        "img-src": ["'self'", "blob:", "data:"],
        "worker-src": ["'self'", "blob:"],
        "connect-src": ["'self'"],
        "object-src": "'none'",
        "style-src": ["'self'", "'unsafe-inline'"],
        "font-src": ["'self'", "data:"],
        "script-src": ["'self'", "'strict-dynamic'"],
        "frame-ancestors": ["'none'"],
    },
    "content_security_policy_nonce_in": ["script-src"],
    "force_https": False,
    "session_cookie_secure": SESSION_COOKIE_SECURE,
}
