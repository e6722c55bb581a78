"""`python -m shared.schemas` writes the golden files anew."""

from shared import schemas

if __name__ == "__main__":
    schemas.write()
