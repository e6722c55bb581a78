"""`python -m deploy.descriptions` writes all descriptions anew."""

from deploy import descriptions

if __name__ == "__main__":
    descriptions.write()
