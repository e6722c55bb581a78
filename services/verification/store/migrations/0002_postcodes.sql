-- The postcode directory, edition by edition. Editions are ordered by name (`YYYY-MM`).

CREATE TABLE postcode (
    postcode text COLLATE "C" NOT NULL,
    edition text COLLATE "C" NOT NULL,
    district text NOT NULL,
    ward text,
    introduced text NOT NULL CONSTRAINT postcode_introduced_form CHECK (introduced ~ '^\d{4}-(0[1-9]|1[0-2])$'),
    terminated text CONSTRAINT postcode_terminated_form CHECK (terminated ~ '^\d{4}-(0[1-9]|1[0-2])$'),
    CONSTRAINT postcode_pk PRIMARY KEY (postcode, edition)
);
