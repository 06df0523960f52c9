-- The last appraisals of claims, for rehearsals of another policy. A purge keeps the greatest numbers.
CREATE TABLE appraisals (
    number    INTEGER PRIMARY KEY NOT NULL,
    appraisal TEXT NOT NULL
) STRICT;

-- The tier that was stated on the newest proof, so that a change of it is seen; unknown for instances of earlier versions.
ALTER TABLE progress ADD COLUMN tier TEXT;
