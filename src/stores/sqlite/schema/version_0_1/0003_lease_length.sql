-- Version 3: how long a lease was granted or renewed for, in nanoseconds. One that ends later than that from now was
-- written by a clock that is ahead. NULL for a lease that an earlier version granted.
ALTER TABLE lease ADD COLUMN length INTEGER;
