-- Records about our returns that a service has parked, until it has taken them up.
CREATE TABLE held (
    service text NOT NULL,
    record_id uuid NOT NULL,
    return_id uuid NOT NULL,
    CONSTRAINT held_pk PRIMARY KEY (service, record_id)
);
CREATE INDEX held_of_return ON held (return_id);
