"""Ends with 0 when the worker of this container lives: an image without curl is asked by this."""

import os
import sys
from urllib.error import URLError
from urllib.request import urlopen

PORT = os.environ.get("KAIROS_WEB_PORT", "6066")
URL = f"http://127.0.0.1:{PORT}/healthz"
WITHIN_S = 3.0

if __name__ == "__main__":
    try:
        urlopen(URL, timeout=WITHIN_S).close()
    except (URLError, TimeoutError) as error:
        sys.exit(f"{URL}: {error}")
