-- What the latest proof was bound to, as keyed hashes; proofs of earlier versions were bound to nothing.
ALTER TABLE progress ADD COLUMN bound_address BLOB;
ALTER TABLE progress ADD COLUMN bound_tls BLOB;
ALTER TABLE progress ADD COLUMN bound_session BLOB;
