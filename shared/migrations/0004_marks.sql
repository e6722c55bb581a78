-- The service's own mark on a hole: nobody without its key can list offsets as never written.
ALTER TABLE consumer_hole ADD COLUMN mark bytea;
