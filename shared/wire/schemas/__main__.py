"""`python -m shared.wire.schemas` writes the golden files anew."""

from shared.wire import schemas

if __name__ == "__main__":
    schemas.write()
