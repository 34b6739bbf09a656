"""Writes docs/keys.md and docs/tables.md from what the schema says: python docs/reference.py."""

from pathlib import Path

from procure.report.reference import keys_page, tables_page

HERE = Path(__file__).resolve().parent
PAGES = {"keys.md": keys_page, "tables.md": tables_page}

if __name__ == "__main__":
    for name, page in PAGES.items():
        (HERE / name).write_text(page(), encoding="utf-8")
