"""Spreadsheets, as files: CSV and XLSX in and out. They know nothing of what is in them."""
