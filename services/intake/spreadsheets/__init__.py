"""A month's return as a spreadsheet: the template that goes out, and the file that comes back."""
