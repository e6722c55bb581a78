-- What the service found whenever it compared its books. The newest row holds.
CREATE TABLE books_check (
    checked_at timestamptz CONSTRAINT books_check_pk PRIMARY KEY DEFAULT clock_timestamp(),
    failures integer NOT NULL CONSTRAINT books_check_from_zero CHECK (failures >= 0),
    first_failure text,
    CONSTRAINT books_check_says CHECK ((failures = 0) = (first_failure IS NULL))
);
