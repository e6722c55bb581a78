"""What lies outside of a contract, as gathered for a batch: the postcode directory and the other
contracts' claims. Values only; nothing here reads anything."""

from __future__ import annotations

from dataclasses import dataclass, field

from services.verification.domain import claims, places


@dataclass(frozen=True, slots=True)
class World:
    directory: dict[str, places.PlaceFact] = field(default_factory=dict)
    """By `places.fact_key(edition, postcode)`; unknown postcodes are absent."""
    book: claims.Book = field(default_factory=claims.Book)
