"""Noto fonts for signs and scripts that no package on PyPI has, without hinting; OFL.txt says where they are from."""
